package supervisor

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/shim/bundle"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
	"github.com/pouchcontainer/pouch/pkg/shim/taskapi"
	"github.com/pouchcontainer/pouch/pkg/wire"
)

const (
	// drainLimit is how long output may come after the end of process 1, from a
	// process that is not the container's.
	drainLimit = 2 * time.Second
	// endLimit bounds the removal of a container's remains.
	endLimit = 15 * time.Second
)

// start lets process 1 run and returns its pid. When that fails the container
// ends.
func (t *task) start(ctx context.Context) (int, error) {
	t.mu.Lock()
	if t.phase != created || t.starting != nil {
		err := errs.New(errs.Conflict, "start container %s: it is %s", t.id, t.phase)
		t.mu.Unlock()
		t.s.tellClient(err)
		return 0, err
	}
	settled := make(chan struct{})
	t.starting = settled
	c, p := t.c, t.main
	t.mu.Unlock()
	defer close(settled)
	begun := time.Now() // it may have ended by the time Start returns
	if err := c.Start(ctx); err != nil {
		t.lastLife()
		err = t.diagnose(err, t.opts.Spec.Process)
		if kerr := c.KillAll(); kerr != nil {
			err = errors.Join(err, kerr)
		}
		t.s.tellClient(err)
		return 0, err
	}
	t.mu.Lock()
	t.phase, t.since, t.ending = running, begun, asked{}
	t.bears()
	t.mu.Unlock()
	go settleDown()
	if t.checked() {
		go t.probes(t.health.begin())
	}
	go t.limitLife(p)
	t.noteRunning(c)
	t.writePidFile(c.Pid())
	t.event("start", nil)
	t.s.publish(&taskapi.TaskStart{ContainerID: t.id, Pid: uint32(c.Pid())})
	if t.s.launch != nil {
		t.s.launch.Send(&ctl.Message{Op: ctl.Started, Pid: c.Pid()}) //nolint:errcheck // a client that is gone is seen below
		t.s.notify.Load().began()
		if t.s.isGone() {
			t.abandoned()
		}
	}
	return c.Pid(), nil
}

// settleDown lets the garbage collector work as from now on: until the container
// runs it would only take time, afterwards every supervisor should be small, and
// may have many streams to copy.
func settleDown() {
	time.Sleep(settleAfter)
	runtime.GOMAXPROCS(min(runtime.NumCPU(), 4))
	debug.SetGCPercent(40)
	debug.FreeOSMemory()
}

// settleAfter leaves containers that end at once alone.
const settleAfter = time.Second

// watch waits for the end of one life and decides what follows.
func (t *task) watch(c engine.Container, p *process) {
	exit := c.Wait()
	at := time.Now()
	t.settle()
	if !t.ownPids() {
		if err := c.KillAll(); err != nil { // else its other processes hold the streams
			t.s.log.errorf("kill the rest of the container: %v", err)
		}
	}
	p.streams.Drain(drainLimit)
	p.end(exit.Code, at)
	r := result{code: exit.Code, oom: c.OOMKilled(), at: at, pid: c.Pid()}
	t.endOfLife(r)
	for t.wantsAgain(r) {
		if r = t.again(r, c); r.code < 0 {
			return // the next life has its own watch
		}
	}
	t.finish(r)
}

// settle waits for a start that is under way, and notes a container that never
// was started as one that never will.
func (t *task) settle() {
	t.mu.Lock()
	starting := t.starting
	if starting == nil {
		t.phase = stopped
	}
	t.mu.Unlock()
	if starting != nil {
		<-starting
	}
}

// finish is the end of the last life: everybody is told, and in a supervisor
// with a record of Pouch everything goes.
func (t *task) finish(r result) {
	t.mu.Lock()
	ran := !t.since.IsZero()
	t.phase, t.result = stopped, r
	t.mu.Unlock()
	t.closeOutputs()
	t.s.client.release()
	if err := bundle.WriteExit(t.bundle, bundle.Exit{Pid: r.pid, Status: r.code, Nanos: r.at.UnixNano()}); err != nil {
		t.s.log.errorf("note the exit: %v", err)
	}
	if t.rec != nil && ran && !t.rec.Policy.AutoRemove {
		t.noteExited(r)
	}
	t.removePidFile(r.pid)
	close(t.ended)
	if t.rec != nil {
		if err := t.cleanUp(context.Background()); err != nil {
			t.s.log.errorf("clean up: %v", err)
		}
		t.s.end()
		return
	}
	if !t.oom.end() && r.oom {
		t.s.publish(&taskapi.TaskOOM{ContainerID: t.id})
	}
	t.s.publish(&taskapi.TaskExit{
		ContainerID: t.id, ID: t.id, Pid: uint32(r.pid), ExitStatus: uint32(r.code), ExitedAt: wire.Time(r.at),
	})
}

// cleanUp removes what the container left in this process and in the kernel.
// Idempotent.
func (t *task) cleanUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endLimit)
	defer cancel()
	t.cleaning.Lock()
	defer t.cleaning.Unlock()
	c, _ := t.current()
	var err error
	if c != nil {
		err = c.Delete(ctx)
	}
	t.awaitExecs(ctx)
	return errors.Join(err, t.unmount())
}

// awaitExecs waits until the execs, which ended with the container, are done.
func (t *task) awaitExecs(ctx context.Context) {
	for _, p := range t.running() {
		select {
		case <-p.done:
		case <-ctx.Done():
		}
	}
}

// ownPids reports whether the container has a pid namespace of its own: then
// its processes end with process 1.
func (t *task) ownPids() bool {
	if t.opts.Spec.Linux == nil {
		return false
	}
	for _, n := range t.opts.Spec.Linux.Namespaces {
		if n.Type == "pid" {
			return n.Path == ""
		}
	}
	return false
}

// end notes the end of a process whose output is complete.
func (p *process) end(code int, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.code, p.at = code, at
	close(p.done)
}
