package supervisor

import (
	"sync"
	"time"
)

// answers counts the answers to clients that are on their way. Other than a
// sync.WaitGroup it may be added to while somebody waits.
type answers struct {
	mu   sync.Mutex
	n    int
	idle chan struct{} // closed when n falls to 0; nil: nobody waits
}

func (a *answers) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.n++
}

func (a *answers) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.n--; a.n == 0 && a.idle != nil {
		close(a.idle)
		a.idle = nil
	}
}

// wait waits until there is none, for at most limit, and reports whether that
// came.
func (a *answers) wait(limit time.Duration) bool {
	a.mu.Lock()
	if a.n == 0 {
		a.mu.Unlock()
		return true
	}
	if a.idle == nil {
		a.idle = make(chan struct{})
	}
	idle := a.idle
	a.mu.Unlock()
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-idle:
		return true
	case <-t.C:
		return false
	}
}
