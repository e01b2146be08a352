package supervisor

import (
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// clientGone acts on the end of the launching client without Detach: before the
// container runs it is given up; after that the policy says. One that nobody
// waits for goes on.
func (s *Supervisor) clientGone() {
	s.mu.Lock()
	t := s.tasks[s.cfg.ID]
	s.mu.Unlock()
	if t == nil {
		s.end()
		return
	}
	if t.made() { // else create and start look for themselves
		t.abandoned()
	}
}

// isGone reports whether the launching client is gone.
func (s *Supervisor) isGone() bool { return s.client != nil && isClosed(s.client.gone) }

// abandoned ends a container whose client is gone, as its policy says.
func (t *task) abandoned() {
	t.mu.Lock()
	ran := !t.since.IsZero()
	t.mu.Unlock()
	if ran && t.s.client.background() {
		return
	}
	policy := t.rec.Policy.OnClientExit
	switch {
	case !ran || policy == "" || policy == "kill":
		t.endedBy(record.ByClient, unix.SIGKILL)
		t.lastLife()
		if err := t.killNow(); err != nil {
			t.s.log.errorf("kill a container whose client is gone: %v", err)
		}
	case policy == "stop":
		go func() {
			if err := t.stop(record.ByClient, t.stopSignal(), t.stopTimeout()); err != nil {
				t.s.log.errorf("stop a container whose client is gone: %v", err)
			}
		}()
	}
}
