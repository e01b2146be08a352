package stdio

import (
	"sync"
	"time"
)

// room lets those wait who put more into a queue than it holds. The zero room is
// ready; all of it is under the lock of the queue.
type room struct {
	freed chan struct{} // closed when there is more; nil: nobody waits
}

// await waits until wake is called, at most for patience; 0 is for ever. false: it
// was not. It lets go of mu meanwhile.
func (r *room) await(mu *sync.Mutex, patience time.Duration) bool {
	if r.freed == nil {
		r.freed = make(chan struct{})
	}
	freed := r.freed
	mu.Unlock()
	defer mu.Lock()
	if patience == 0 {
		<-freed
		return true
	}
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case <-freed:
		return true
	case <-t.C:
		return false
	}
}

// wake lets those go on who wait.
func (r *room) wake() {
	if r.freed != nil {
		close(r.freed)
		r.freed = nil
	}
}
