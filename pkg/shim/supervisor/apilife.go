package supervisor

import (
	"context"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/shim/taskapi"
	"github.com/pouchcontainer/pouch/pkg/wire"
)

// Create makes the container.
func (a *api) Create(ctx context.Context, r *taskapi.CreateTaskRequest) (*taskapi.CreateTaskResponse, error) {
	if r.Checkpoint != "" {
		return nil, errs.New(errs.Unsupported, "create %s from a checkpoint: containerd cannot order it: say pouch-run start --checkpoint", r.ID)
	}
	req := &createRequest{
		id: r.ID, bundle: r.Bundle,
		names: ioNames{r.Stdin, r.Stdout, r.Stderr, r.Terminal},
	}
	for _, m := range r.Rootfs {
		req.rootfs = append(req.rootfs, mount.Mount(m))
	}
	if err := req.takeOptions(r.Options); err != nil {
		return nil, err
	}
	t, err := a.s.create(context.WithoutCancel(ctx), req)
	if err != nil {
		return nil, err
	}
	pid := uint32(t.pid())
	a.s.publish(&taskapi.TaskCreate{
		ContainerID: r.ID, Bundle: r.Bundle, Rootfs: r.Rootfs, Pid: pid,
		IO: taskapi.TaskIO{Stdin: r.Stdin, Stdout: r.Stdout, Stderr: r.Stderr, Terminal: r.Terminal},
	})
	return &taskapi.CreateTaskResponse{Pid: pid}, nil
}

// Start starts process 1 or an exec.
func (a *api) Start(ctx context.Context, r *taskapi.ProcessRequest) (*taskapi.StartResponse, error) {
	t, p, err := a.process(r.ID, r.ExecID)
	if err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	if p == nil {
		pid, err := t.start(ctx)
		return &taskapi.StartResponse{Pid: uint32(pid)}, err
	}
	pid, err := a.startExec(ctx, t, p)
	return &taskapi.StartResponse{Pid: uint32(pid)}, err
}

// Delete removes an ended, or never started, container or exec.
func (a *api) Delete(ctx context.Context, r *taskapi.ProcessRequest) (*taskapi.DeleteResponse, error) {
	t, p, err := a.process(r.ID, r.ExecID)
	if err != nil {
		return nil, err
	}
	if p != nil {
		return deleteExec(t, p)
	}
	if err := t.remove(context.WithoutCancel(ctx)); err != nil {
		return nil, err
	}
	out := &taskapi.DeleteResponse{
		Pid: uint32(t.result.pid), ExitStatus: uint32(t.result.code), ExitedAt: wire.Time(t.result.at),
	}
	a.s.publish(&taskapi.TaskDelete{
		ContainerID: t.id, Pid: out.Pid, ExitStatus: out.ExitStatus, ExitedAt: out.ExitedAt,
	})
	return out, nil
}

// remove cleans up after a container that does not run. One that was created and
// never started is ended first.
func (t *task) remove(ctx context.Context) error {
	_, phase := t.current()
	switch phase {
	case running, restarting:
		return errs.New(errs.Conflict, "delete task %s: it is %s", t.id, phase)
	case created:
		t.lastLife()
		if err := t.killNow(); err != nil {
			return err
		}
	}
	<-t.ended
	if err := t.cleanUp(ctx); err != nil {
		return fmt.Errorf("delete task %s: %w", t.id, err)
	}
	t.mu.Lock()
	main := t.main
	t.phase = deleted
	t.mu.Unlock()
	main.awaitLogged()
	t.s.drop(t.id)
	return nil
}

// Kill signals process 1, an exec, or every process of the container.
func (a *api) Kill(_ context.Context, r *taskapi.KillRequest) (*wire.Empty, error) {
	t, p, err := a.process(r.ID, r.ExecID)
	if err != nil {
		return nil, err
	}
	sig := unix.Signal(r.Signal)
	switch {
	case p != nil:
		err = p.signal(sig)
	case r.All && sig == unix.SIGKILL:
		t.stopByUser()
		c, _ := t.current()
		err = c.KillAll()
	case r.All:
		err = t.signalAll(sig)
	case t.hasEnded():
		err = errs.New(errs.NotFound, "process 1 of container %s has ended", t.id)
	default:
		err = t.kill(sig)
	}
	return &wire.Empty{}, err
}

// Pause freezes the container.
func (a *api) Pause(_ context.Context, r *taskapi.TaskRequest) (*wire.Empty, error) {
	t, err := a.s.get(r.ID)
	if err != nil {
		return nil, err
	}
	if err := t.pause(); err != nil {
		return nil, err
	}
	a.s.publish(&taskapi.TaskPaused{ContainerID: t.id})
	return &wire.Empty{}, nil
}

// Resume thaws it.
func (a *api) Resume(_ context.Context, r *taskapi.TaskRequest) (*wire.Empty, error) {
	t, err := a.s.get(r.ID)
	if err != nil {
		return nil, err
	}
	if err := t.resume(); err != nil {
		return nil, err
	}
	a.s.publish(&taskapi.TaskResumed{ContainerID: t.id})
	return &wire.Empty{}, nil
}

// Shutdown ends the program unless it has containers.
func (a *api) Shutdown(context.Context, *wire.Empty) (*wire.Empty, error) {
	if a.s.count() == 0 {
		a.s.end()
	}
	return &wire.Empty{}, nil
}
