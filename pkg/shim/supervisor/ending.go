package supervisor

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/events"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// asked is who asked for the end of a life, and by which signal.
type asked struct {
	by  string // one of record's By words; empty: nobody
	sig unix.Signal
	err error // what is wrong with a command that could not be executed
}

// life is one run of process 1.
type life struct {
	over   chan struct{} // closed at its end: result is set
	result result
}

func newLife() *life { return &life{over: make(chan struct{})} }

// tellNext tells the client the end of the life that runs or is to come.
func (c *session) tellNext() error {
	t, err := c.s.only()
	if err != nil {
		return err
	}
	t.mu.Lock()
	l := t.life
	t.mu.Unlock()
	c.s.telling.begin()
	go func() {
		defer c.s.telling.end()
		r := &l.result
		select {
		case <-l.over:
		case <-t.ended:
			if r = &t.result; isClosed(l.over) {
				r = &l.result
			}
		case <-c.gone:
			return
		}
		c.tell(&ctl.Message{Op: ctl.Exited, ExitCode: r.code, OOMKilled: r.oom})
	}()
	return nil
}

// endedBy notes who asks for the end of this life.
func (t *task) endedBy(who string, sig unix.Signal) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ending = asked{by: who, sig: sig}
}

// endOfLife ends what belongs to one life, and tells that it is over.
func (t *task) endOfLife(r result) {
	t.health.end()
	fault := t.neverRan(r)
	t.mu.Lock()
	t.ending.err = fault
	since, end := t.since, t.ending
	over := t.life
	t.life = newLife()
	t.mu.Unlock()
	over.result = r
	defer close(over.over)
	if t.rec == nil || since.IsZero() {
		return
	}
	if !t.oom.end() && r.oom {
		t.event("oom", nil)
	}
	t.event("die", deathOf(r, end, since))
	if end.by == record.ByStop {
		t.event("stop", nil)
	}
}

// deathOf is what the event of an end tells: docker's words, and why tells the
// rest.
func deathOf(r result, end asked, since time.Time) record.Labels {
	a := record.Labels{"exitCode": strconv.Itoa(r.code), "execDuration": strconv.Itoa(int(r.at.Sub(since) / time.Second))}
	if r.oom {
		a["oomKilled"] = "true"
	}
	if end.err != nil {
		a["error"], a["cause"] = end.err.Error(), errs.CauseOf(end.err)
	}
	if end.by != "" {
		a["endedBy"], a["endSignal"] = end.by, strconv.Itoa(int(end.sig))
	}
	return a
}

// killEvent tells that process 1 is sent sig: before that is done, for the process may
// be gone, and its end told, just after it.
func (t *task) killEvent(sig unix.Signal) {
	if _, phase := t.current(); phase == running {
		t.event("kill", record.Labels{"signal": strconv.Itoa(int(sig))})
	}
}

// event tells what happened to the container.
func (t *task) event(action string, more record.Labels) {
	if c := t.record(); c != nil {
		events.Emit(t.s.store, events.OfContainer(c, action, more))
	}
}

// record is the container's record as it is now; nil without one.
func (t *task) record() *record.Container {
	if c := t.newer.Load(); c != nil {
		return c
	}
	return t.rec
}

// reread takes over from the record on disk what may change while the container
// runs and is no limit.
func (t *task) reread() error {
	c, err := t.s.store.Container(t.id)
	if err != nil {
		return err
	}
	t.newer.Store(c)
	t.poke()
	return nil
}

// poke makes the pause between two lives ask again what is wanted.
func (t *task) poke() {
	select {
	case t.reconsider <- struct{}{}:
	default:
	}
}

// execStarted tells that a further process runs, in docker's two steps.
func (t *task) execStarted(p *process) {
	id := record.Labels{"execID": p.id}
	line := strings.Join(p.spec.Args, " ")
	t.event("exec_create: "+line, id)
	t.event("exec_start: "+line, id)
}

func (t *task) execEnded(p *process) {
	t.event("exec_die", record.Labels{"execID": p.id, "exitCode": strconv.Itoa(p.code)})
}
