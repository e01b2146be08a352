package supervisor

import (
	"time"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// limitLife ends the life of p when it has lasted as long as it may: as a stop
// does, but what the restart policy wants follows.
func (t *task) limitLife(p *process) {
	if t.rec == nil || t.rec.Policy.Timeout <= 0 {
		return
	}
	timer := time.NewTimer(time.Duration(t.rec.Policy.Timeout) * time.Second)
	defer timer.Stop()
	select {
	case <-p.done:
		return
	case <-timer.C:
	}
	sig := t.stopSignal()
	t.endedBy(record.ByTimeout, sig)
	late, settle, err := t.askToEnd(sig, t.stopTimeout())
	if err != nil {
		t.s.log.errorf("stop a container after its time: %v", err)
		return
	}
	defer settle()
	select {
	case <-p.done:
		return
	case <-late:
	}
	if err := t.killNow(); err != nil {
		t.s.log.errorf("kill a container after its time: %v", err)
	}
}
