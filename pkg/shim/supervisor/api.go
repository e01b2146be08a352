package supervisor

import (
	"context"
	"errors"
	"net"

	taskapi "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/ttrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// api is containerd's task service. The messages of version 2, which containerd
// 1.7 speaks, are the same.
type api struct{ s *Supervisor }

// serveTask serves the task service on the task socket.
func (s *Supervisor) serveTask() error {
	srv, err := ttrpc.NewServer()
	if err != nil {
		return err
	}
	s.ttrpc, s.conns.Listener = srv, s.task
	methods := (&api{s}).methods()
	srv.RegisterService("containerd.task.v3.Task", &ttrpc.ServiceDesc{Methods: methods})
	srv.RegisterService("containerd.task.v2.Task", &ttrpc.ServiceDesc{Methods: methods})
	go func() {
		err := srv.Serve(context.Background(), &s.conns)
		if err != nil && !errors.Is(err, ttrpc.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			s.log.errorf("task socket: %v", err)
		}
	}()
	return nil
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
			return nil, status.Error(codeOf(err), err.Error())
		}
		return res, nil
	}
}

// codeOf is the gRPC code of an error's kind. Unimplemented is left for a whole
// method: containerd takes it for a supervisor of an older version.
func codeOf(err error) codes.Code {
	switch errs.KindOf(err) {
	case errs.Invalid:
		return codes.InvalidArgument
	case errs.NotFound:
		return codes.NotFound
	case errs.Conflict, errs.InUse, errs.Unsupported:
		return codes.FailedPrecondition
	case errs.Denied:
		return codes.PermissionDenied
	case errs.Unavailable:
		return codes.Unavailable
	}
	switch {
	case errors.Is(err, context.Canceled):
		return codes.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return codes.DeadlineExceeded
	}
	return codes.Unknown
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

var _ taskapi.TTRPCTaskService = (*api)(nil)
