package supervisor

import (
	"context"
	"errors"
	"net"

	"github.com/pouchcontainer/pouch/pkg/ctrd/rpc"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/shim/ttrpc"
)

// api is containerd's task service. The messages of version 2, which containerd
// 1.7 speaks, are the same.
type api struct{ s *Supervisor }

// serveTask serves the task service on the task socket.
func (s *Supervisor) serveTask() {
	methods := (&api{s}).methods()
	srv := ttrpc.NewServer(map[string]map[string]ttrpc.Method{
		"containerd.task.v3.Task": methods, "containerd.task.v2.Task": methods,
	})
	s.ttrpc, s.conns.Listener = srv, s.task
	go func() {
		err := srv.Serve(&s.conns)
		if err != nil && !errors.Is(err, ttrpc.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			s.log.errorf("task socket: %v", err)
		}
	}()
}

func (a *api) methods() map[string]ttrpc.Method {
	return map[string]ttrpc.Method{
		"State": method(a.State), "Create": method(a.Create), "Start": method(a.Start),
		"Delete": method(a.Delete), "Pids": method(a.Pids), "Pause": method(a.Pause),
		"Resume": method(a.Resume), "Checkpoint": method(a.Checkpoint), "Kill": method(a.Kill),
		"Exec": method(a.Exec), "ResizePty": method(a.ResizePty), "CloseIO": method(a.CloseIO),
		"Update": method(a.Update), "Wait": method(a.Wait), "Stats": method(a.Stats),
		"Connect": method(a.Connect), "Shutdown": method(a.Shutdown),
	}
}

// method decodes, calls and turns the error into its gRPC code. A call is never
// cut off half-way by its caller's death: what it began it ends.
func method[Req, Res any](f func(context.Context, *Req) (*Res, error)) ttrpc.Method {
	return func(ctx context.Context, unmarshal func(any) error) (any, error) {
		req := new(Req)
		if err := unmarshal(req); err != nil {
			return nil, err
		}
		res, err := f(ctx, req)
		if err != nil {
			return nil, &ttrpc.Error{Code: int32(codeOf(err)), Message: err.Error()}
		}
		return res, nil
	}
}

// codeOf is the gRPC code of an error's kind. Unimplemented is left for a whole
// method: containerd takes it for a supervisor of an older version.
func codeOf(err error) rpc.Code {
	switch errs.KindOf(err) {
	case errs.Invalid:
		return rpc.InvalidArgument
	case errs.NotFound:
		return rpc.NotFound
	case errs.Conflict, errs.InUse, errs.Unsupported:
		return rpc.FailedPrecondition
	case errs.Denied:
		return rpc.PermissionDenied
	case errs.Unavailable:
		return rpc.Unavailable
	}
	switch {
	case errors.Is(err, context.Canceled):
		return rpc.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return rpc.DeadlineExceeded
	}
	return rpc.Unknown
}

// process returns a task and, with an exec id, the exec.
func (a *api) process(id, execID string) (*task, *process, error) {
	t, err := a.s.get(id)
	if err != nil || execID == "" {
		return t, nil, err
	}
	t.mu.Lock()
	p := t.execs[execID]
	t.mu.Unlock()
	if p == nil {
		return nil, nil, errs.New(errs.NotFound, "no process %s in task %s", execID, id)
	}
	return t, p, nil
}
