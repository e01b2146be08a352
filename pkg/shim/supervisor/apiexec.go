package supervisor

import (
	"context"
	"encoding/json"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/shim/taskapi"
	"github.com/pouchcontainer/pouch/pkg/wire"
)

// Exec notes a further process; Start starts it.
func (a *api) Exec(_ context.Context, r *taskapi.ExecProcessRequest) (*wire.Empty, error) {
	t, err := a.s.get(r.ID)
	if err != nil {
		return nil, err
	}
	if r.ExecID == "" {
		return nil, errs.New(errs.Invalid, "exec in task %s: no exec id", r.ID)
	}
	if err := t.takesExec(); err != nil {
		return nil, err
	}
	spec := &specs.Process{}
	if err := json.Unmarshal(r.Spec.Value, spec); err != nil {
		return nil, errs.New(errs.Invalid, "exec in task %s: not an OCI process: %w", r.ID, err)
	}
	spec.Terminal = r.Terminal
	p := newProcess(r.ExecID, spec)
	p.names = ioNames{r.Stdin, r.Stdout, r.Stderr, r.Terminal}
	p.keepInput = r.Terminal
	if err := t.keep(p); err != nil {
		return nil, err
	}
	a.s.publish(&taskapi.TaskExecAdded{ContainerID: r.ID, ExecID: r.ExecID})
	return &wire.Empty{}, nil
}

// takesExec refuses an exec in a container that has ended or is paused.
func (t *task) takesExec() error {
	if _, phase := t.current(); phase == stopped {
		return errs.New(errs.Conflict, "exec in container %s: it is %s", t.id, phase)
	}
	if t.isPaused() {
		return errs.New(errs.Conflict, "exec in container %s: it is paused: resume it first", t.id)
	}
	return nil
}

func (a *api) startExec(ctx context.Context, t *task, p *process) (int, error) {
	p.mu.Lock()
	twice := p.starts
	p.starts = true
	p.mu.Unlock()
	if twice {
		return 0, errs.New(errs.Conflict, "start exec %s: it was started", p.id)
	}
	streams, err := a.s.named(t.id, p)
	if err == nil {
		err = t.run(ctx, p, streams)
	}
	if err != nil {
		p.end(startCode(err), time.Now())
		return 0, err
	}
	pid := p.pid()
	a.s.publish(&taskapi.TaskExecStarted{ContainerID: t.id, ExecID: p.id, Pid: uint32(pid)})
	go func() {
		<-p.done
		a.s.publish(&taskapi.TaskExit{
			ContainerID: t.id, ID: p.id, Pid: uint32(pid), ExitStatus: uint32(p.code), ExitedAt: wire.Time(p.at),
		})
	}()
	return pid, nil
}

func deleteExec(t *task, p *process) (*taskapi.DeleteResponse, error) {
	p.mu.Lock()
	starts := p.starts
	p.mu.Unlock()
	if !starts {
		t.forget(p)
		return &taskapi.DeleteResponse{ExitedAt: wire.Time(time.Now())}, nil
	}
	if !isClosed(p.done) {
		return nil, errs.New(errs.Conflict, "delete exec %s: it runs", p.id)
	}
	p.awaitLogged()
	t.forget(p)
	return &taskapi.DeleteResponse{
		Pid: uint32(p.pid()), ExitStatus: uint32(p.code), ExitedAt: wire.Time(p.at),
	}, nil
}

// ResizePty sets the size of a process' terminal.
func (a *api) ResizePty(_ context.Context, r *taskapi.ResizePtyRequest) (*wire.Empty, error) {
	t, p, err := a.process(r.ID, r.ExecID)
	if err != nil {
		return nil, err
	}
	hub := t.hub
	if p != nil {
		hub = p.terminal()
	}
	if hub == nil {
		return &wire.Empty{}, nil // no terminal, or not started yet
	}
	return &wire.Empty{}, hub.Resize(uint16(r.Width), uint16(r.Height))
}

// CloseIO ends a process' standard input.
func (a *api) CloseIO(_ context.Context, r *taskapi.CloseIORequest) (*wire.Empty, error) {
	t, p, err := a.process(r.ID, r.ExecID)
	if err != nil {
		return nil, err
	}
	if p == nil {
		t.mu.Lock()
		p = t.main
		t.mu.Unlock()
	}
	if in := p.stdin(); r.Stdin && in != nil {
		in.CloseSoon()
	}
	return &wire.Empty{}, nil
}
