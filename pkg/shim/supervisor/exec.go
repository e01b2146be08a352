package supervisor

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
	"github.com/pouchcontainer/pouch/pkg/spec/hostfacts"
	"github.com/pouchcontainer/pouch/pkg/stdio"
)

// newProcess describes an exec that was not started yet.
func newProcess(id string, spec *specs.Process) *process {
	return &process{id: id, spec: spec, done: make(chan struct{})}
}

// run starts an exec with streams, which are the process' to close, also on
// error.
func (t *task) run(ctx context.Context, p *process, streams *stdio.Streams) error {
	c, phase := t.current()
	if phase != running {
		streams.Started()
		streams.Close()
		closeAll(p.extra)
		return errs.New(errs.Conflict, "exec in container %s: it is %s", t.id, phase)
	}
	p.streams = streams
	ep, group, err := p.exec(ctx, c)
	streams.Started()
	closeAll(p.extra)
	if err != nil {
		streams.Close()
		return t.diagnose(t.explain(err), p.spec)
	}
	p.mu.Lock()
	p.p, p.group = ep, group
	p.mu.Unlock()
	go func() {
		exit := ep.Wait()
		at := time.Now()
		streams.Drain(drainLimit)
		p.end(exit.Code, at)
		t.pruneApart(group)
	}()
	return nil
}

// exec starts the process, with a cgroup of its own if it is to have one.
func (p *process) exec(ctx context.Context, c engine.Container) (engine.Process, *cgroup.Group, error) {
	io := engineIO(p.streams)
	io.Extra = p.extra
	if p.apart {
		return c.ExecApart(ctx, p.spec, io)
	}
	ep, err := c.Exec(ctx, p.spec, io)
	return ep, nil, err
}

// explain tells an exec that failed because the container ended meanwhile from
// one that failed by itself.
func (t *task) explain(err error) error {
	if errs.KindOf(err) != errs.Internal {
		return err
	}
	t.mu.Lock()
	main, c := t.main, t.c
	t.mu.Unlock()
	timer := time.NewTimer(endNotice)
	defer timer.Stop()
	select {
	case <-main.done:
		return errs.New(errs.Conflict, "exec in container %s: it has ended", t.id)
	case <-timer.C:
	}
	if init, perr := proc.Of(c.Pid()); perr != nil || !proc.Alive(init) || proc.Exiting(init) {
		return errs.New(errs.Conflict, "exec in container %s: it has ended", t.id)
	}
	return err
}

// endNotice is how long the end of process 1 may take to be seen here.
const endNotice = 100 * time.Millisecond

// keep lists an exec under its id, so that the end of the container waits for
// it. An id is used once.
func (t *task) keep(p *process) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.execs[p.id] != nil {
		return errs.New(errs.Conflict, "exec %s of container %s exists already", p.id, t.id)
	}
	t.execs[p.id] = p
	return nil
}

func (t *task) forget(p *process) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.execs, p.id)
}

// running lists the execs that were started.
func (t *task) running() []*process {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []*process
	for _, p := range t.execs {
		if p.pid() != 0 {
			out = append(out, p)
		}
	}
	return out
}

// pid of the process, as the host sees it; 0 before its start.
func (p *process) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.p == nil {
		return 0
	}
	return p.p.Pid()
}

// terminal is the hub of the process' terminal; nil without one, and before the
// start.
func (p *process) terminal() *stdio.Hub {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hub
}

// stdin is the copier of the client's fifo; nil without one.
func (p *process) stdin() *stdio.Input {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.input
}

// signal sends sig to the process.
func (p *process) signal(sig unix.Signal) error {
	p.mu.Lock()
	ep := p.p
	p.mu.Unlock()
	if ep == nil {
		return errs.New(errs.Conflict, "exec %s was not started", p.id)
	}
	err := ep.Signal(sig)
	if errors.Is(err, unix.ESRCH) {
		return errs.New(errs.NotFound, "exec %s has ended: %w", p.id, err)
	}
	return err
}

// execSpec is the process of an exec: the container's own, with what e says.
func (t *task) execSpec(e *ctl.ExecProcess, tty bool) (*specs.Process, error) {
	p := *t.opts.Spec.Process
	p.Args, p.Terminal, p.ConsoleSize = e.Args, tty, nil
	p.Env = mergeEnv(p.Env, e.Env)
	if e.Cwd != "" {
		p.Cwd = e.Cwd
	}
	if e.User != "" {
		p.Env = slices.DeleteFunc(p.Env, func(kv string) bool {
			return strings.HasPrefix(kv, "HOME=") && !slices.Contains(t.rec.Process.Env, kv) && !slices.Contains(e.Env, kv)
		})
		if err := asUser(&p, t.opts.Rootfs, e.User, t.rec.Process.Groups); err != nil {
			return nil, err
		}
	}
	if e.Privileged {
		all := hostfacts.Capabilities()
		p.Capabilities = &specs.LinuxCapabilities{Bounding: all, Effective: all, Permitted: all}
		p.NoNewPrivileges, p.ApparmorProfile = false, ""
	}
	return &p, nil
}

// mergeEnv adds more to base; the last value of a name holds.
func mergeEnv(base, more []string) []string {
	out := make([]string, 0, len(base)+len(more))
	for _, kv := range base {
		name, _, _ := strings.Cut(kv, "=")
		if !slices.ContainsFunc(more, func(m string) bool { return strings.HasPrefix(m, name+"=") }) {
			out = append(out, kv)
		}
	}
	return append(out, more...)
}
