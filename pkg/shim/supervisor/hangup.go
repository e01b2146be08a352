package supervisor

import (
	"context"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
)

// clientLeft acts on the end of an exec's client without Detach, as the client
// wanted: it is killed with all that it started, unless it is to be asked first, or
// kept. What an exec that has ended by itself has left running goes on: so a
// service is started in a container.
func (t *task) clientLeft(p *process) {
	switch {
	case isClosed(p.done) || p.onClientExit == "keep":
	case p.onClientExit == "stop":
		t.hangUp(p)
	default:
		t.killApart(p)
	}
}

// killLimit bounds the wait for processes that are being killed.
const killLimit = 10 * time.Second

// killApart kills an exec with all that it started, be it a daemon: its cgroup,
// else, where it has none, its session and process group.
func (t *task) killApart(p *process) {
	group := p.cgroup()
	if group == nil {
		for end := time.Now().Add(killLimit); t.signalSession(p.pid(), unix.SIGKILL) && time.Now().Before(end); {
			time.Sleep(time.Millisecond) // what forked meanwhile
		}
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), killLimit)
	defer cancel()
	if err := group.Kill(ctx); err != nil { // those that are frozen on v1 end when they thaw
		t.s.log.errorf("kill exec %s: %v", p.id, err)
	}
	t.pruneApart(group)
}

// hangUp ends an exec as when a terminal closes, then harder, then all that it
// started.
func (t *task) hangUp(p *process) {
	leader := p.pid()
	for _, step := range []struct {
		sig  unix.Signal
		wait time.Duration
	}{{unix.SIGHUP, time.Second}, {unix.SIGTERM, 2 * time.Second}} {
		if left := t.signalSession(leader, step.sig); !left && isClosed(p.done) {
			break
		}
		timer := time.NewTimer(step.wait)
		select {
		case <-p.done:
		case <-timer.C:
		}
		timer.Stop()
	}
	t.killApart(p)
}

// signalSession signals the processes of the container that belong to the
// session or the process group of leader, which may have ended itself. It
// reports whether there was one.
func (t *task) signalSession(leader int, sig unix.Signal) bool {
	c, _ := t.current()
	pids, err := c.Pids()
	if err != nil || leader == 0 {
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

// cgroup is the process' own; nil: it has none.
func (p *process) cgroup() *cgroup.Group {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.group
}

// pruneApart removes the cgroup of an exec that has ended, and those that were
// kept by what earlier execs left running. The rest goes with the container's.
func (t *task) pruneApart(group *cgroup.Group) {
	if group == nil {
		return
	}
	t.mu.Lock()
	groups := append(t.apart, group)
	t.apart = nil
	t.mu.Unlock()
	var left []*cgroup.Group
	for _, g := range groups {
		if !pruned(g) {
			left = append(left, g)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.apart = append(t.apart, left...)
}

// pruned removes a cgroup unless processes live in it. The kernel may let go of
// one that has just ended a moment later.
func pruned(g *cgroup.Group) bool {
	if g.Prune() == nil && !g.Exists() {
		return true
	}
	if pids, err := g.Pids(); err != nil || len(pids) > 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return g.Remove(ctx) == nil
}
