package supervisor

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	taskapi "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/types/runc/options"
	tasktypes "github.com/containerd/containerd/api/types/task"
	"github.com/containerd/typeurl/v2"
	"github.com/opencontainers/runtime-spec/specs-go"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// State tells what is known of a process.
func (a *api) State(_ context.Context, r *taskapi.StateRequest) (*taskapi.StateResponse, error) {
	t, p, err := a.process(r.ID, r.ExecID)
	if err != nil {
		return nil, err
	}
	if p != nil {
		return p.state(t), nil
	}
	out := &taskapi.StateResponse{
		ID: t.id, Bundle: t.bundle, Pid: uint32(t.pid()), Status: t.status(),
		Stdin: t.names.stdin, Stdout: t.names.stdout, Stderr: t.names.stderr, Terminal: t.names.terminal,
	}
	if t.hasEnded() {
		out.ExitStatus, out.ExitedAt = uint32(t.result.code), timestamppb.New(t.result.at)
	}
	return out, nil
}

func (t *task) status() tasktypes.Status {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch t.phase {
	case created:
		return tasktypes.Status_CREATED
	case running, restarting:
		if t.paused {
			return tasktypes.Status_PAUSED
		}
		return tasktypes.Status_RUNNING
	}
	return tasktypes.Status_STOPPED
}

func (t *task) hasEnded() bool { return isClosed(t.ended) }

func (p *process) state(t *task) *taskapi.StateResponse {
	out := &taskapi.StateResponse{
		ID: p.id, Bundle: t.bundle, Pid: uint32(p.pid()), Status: tasktypes.Status_CREATED, ExecID: p.id,
		Stdin: p.names.stdin, Stdout: p.names.stdout, Stderr: p.names.stderr, Terminal: p.names.terminal,
	}
	switch {
	case isClosed(p.done):
		out.Status, out.ExitStatus, out.ExitedAt = tasktypes.Status_STOPPED, uint32(p.code), timestamppb.New(p.at)
	case p.pid() != 0:
		out.Status = tasktypes.Status_RUNNING
	}
	return out
}

// Connect tells the pids.
func (a *api) Connect(_ context.Context, r *taskapi.ConnectRequest) (*taskapi.ConnectResponse, error) {
	out := &taskapi.ConnectResponse{ShimPid: uint32(os.Getpid())}
	if t, err := a.s.get(r.ID); err == nil {
		out.TaskPid = uint32(t.pid())
	}
	return out, nil
}

// Pids lists the container's processes; those of execs carry the exec's id.
func (a *api) Pids(_ context.Context, r *taskapi.PidsRequest) (*taskapi.PidsResponse, error) {
	t, err := a.s.get(r.ID)
	if err != nil {
		return nil, err
	}
	c, _ := t.current()
	pids, err := c.Pids()
	if err != nil && !t.hasEnded() {
		return nil, err
	}
	execs := map[int]string{}
	for _, p := range t.running() {
		execs[p.pid()] = p.id
	}
	out := &taskapi.PidsResponse{}
	for _, pid := range pids {
		info := &tasktypes.ProcessInfo{Pid: uint32(pid)}
		if id := execs[pid]; id != "" {
			if info.Info, err = typeurl.MarshalAnyToProto(&options.ProcessDetails{ExecID: id}); err != nil {
				return nil, err
			}
		}
		out.Processes = append(out.Processes, info)
	}
	return out, nil
}

// Wait waits for the end of a process.
func (a *api) Wait(ctx context.Context, r *taskapi.WaitRequest) (*taskapi.WaitResponse, error) {
	t, p, err := a.process(r.ID, r.ExecID)
	if err != nil {
		return nil, err
	}
	done := t.ended
	if p != nil {
		done = p.done
	}
	select {
	case <-done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	code, at := t.result.code, t.result.at
	if p != nil {
		code, at = p.code, p.at
	}
	return &taskapi.WaitResponse{ExitStatus: uint32(code), ExitedAt: timestamppb.New(at)}, nil
}

// Stats returns the cgroup's figures, which outlive the last process until
// Delete.
func (a *api) Stats(_ context.Context, r *taskapi.StatsRequest) (*taskapi.StatsResponse, error) {
	t, err := a.s.get(r.ID)
	if err != nil {
		return nil, err
	}
	c, _ := t.current()
	figures, err := c.Stats()
	if err != nil {
		return nil, err
	}
	packed, err := typeurl.MarshalAnyToProto(figures)
	return &taskapi.StatsResponse{Stats: packed}, err
}

// Update changes the container's limits.
func (a *api) Update(_ context.Context, r *taskapi.UpdateTaskRequest) (*emptypb.Empty, error) {
	t, err := a.s.get(r.ID)
	if err != nil {
		return nil, err
	}
	res := &specs.LinuxResources{}
	if err := json.Unmarshal(r.Resources.GetValue(), res); err != nil {
		return nil, errs.New(errs.Invalid, "update %s: not OCI resources: %w", t.id, err)
	}
	c, _ := t.current()
	return &emptypb.Empty{}, c.Update(res)
}

// Checkpoint is not there.
func (a *api) Checkpoint(_ context.Context, r *taskapi.CheckpointTaskRequest) (*emptypb.Empty, error) {
	return nil, fmt.Errorf("checkpoint %s: %w", r.ID, errs.New(errs.Unsupported, "not supported by this runtime"))
}
