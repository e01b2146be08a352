package supervisor

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/proc"
)

// hangUp ends an exec whose client is gone, with what it started in its own
// session or process group: as when a terminal closes, then harder.
func (t *task) hangUp(p *process) {
	leader := p.pid()
	if leader == 0 {
		return
	}
	for _, step := range []struct {
		sig  unix.Signal
		wait time.Duration
	}{{unix.SIGHUP, time.Second}, {unix.SIGTERM, 2 * time.Second}, {unix.SIGKILL, 0}} {
		if left := t.signalSession(leader, step.sig); !left && isClosed(p.done) {
			return
		}
		timer := time.NewTimer(step.wait)
		select {
		case <-p.done:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// signalSession signals the processes of the container that belong to the
// session or the process group of leader, which may have ended itself. It
// reports whether there was one.
func (t *task) signalSession(leader int, sig unix.Signal) bool {
	c, _ := t.current()
	pids, err := c.Pids()
	if err != nil {
		return false
	}
	found := false
	for _, pid := range pids {
		who, err := proc.Of(pid)
		if err != nil || !belongs(pid, leader) {
			continue
		}
		found = true
		if err := proc.Signal(who, sig); err != nil {
			t.s.log.debugf("signal process %d of a lost exec: %v", pid, err)
		}
	}
	return found
}

func belongs(pid, leader int) bool {
	if pid == leader {
		return true
	}
	if sid, err := unix.Getsid(pid); err == nil && sid == leader {
		return true
	}
	pgid, err := unix.Getpgid(pid)
	return err == nil && pgid == leader
}
