package supervisor

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/shim/taskapi"
	"github.com/pouchcontainer/pouch/pkg/wire"
)

// State tells what is known of a process.
func (a *api) State(_ context.Context, r *taskapi.ProcessRequest) (*taskapi.StateResponse, error) {
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
		out.ExitStatus, out.ExitedAt = uint32(t.result.code), wire.Time(t.result.at)
	}
	return out, nil
}

func (t *task) status() taskapi.Status {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch t.phase {
	case created:
		return taskapi.StatusCreated
	case running, restarting:
		if t.paused {
			return taskapi.StatusPaused
		}
		return taskapi.StatusRunning
	}
	return taskapi.StatusStopped
}

func (t *task) hasEnded() bool { return isClosed(t.ended) }

func (p *process) state(t *task) *taskapi.StateResponse {
	out := &taskapi.StateResponse{
		ID: p.id, Bundle: t.bundle, Pid: uint32(p.pid()), Status: taskapi.StatusCreated, ExecID: p.id,
		Stdin: p.names.stdin, Stdout: p.names.stdout, Stderr: p.names.stderr, Terminal: p.names.terminal,
	}
	switch {
	case isClosed(p.done):
		out.Status, out.ExitStatus, out.ExitedAt = taskapi.StatusStopped, uint32(p.code), wire.Time(p.at)
	case p.pid() != 0:
		out.Status = taskapi.StatusRunning
	}
	return out
}

// Connect tells the pids.
func (a *api) Connect(_ context.Context, r *taskapi.TaskRequest) (*taskapi.ConnectResponse, error) {
	out := &taskapi.ConnectResponse{ShimPid: uint32(os.Getpid())}
	if t, err := a.s.get(r.ID); err == nil {
		out.TaskPid = uint32(t.pid())
	}
	return out, nil
}

// Pids lists the container's processes; those of execs carry the exec's id.
// Between two lives there is none; then the supervisor stands for those to come:
// a containerd that starts just now removes what has no process (shim_load.go
// of containerd, "cleaning leaked shim process"), the bundle with it.
func (a *api) Pids(_ context.Context, r *taskapi.TaskRequest) (*taskapi.PidsResponse, error) {
	t, err := a.s.get(r.ID)
	if err != nil {
		return nil, err
	}
	c, _ := t.current()
	pids, err := c.Pids()
	if len(pids) == 0 && t.rec != nil && !t.hasEnded() {
		pids, err = []int{os.Getpid()}, nil
	}
	if err != nil && !t.hasEnded() {
		return nil, err
	}
	execs := map[int]string{}
	for _, p := range t.running() {
		execs[p.pid()] = p.id
	}
	out := &taskapi.PidsResponse{}
	for _, pid := range pids {
		info := taskapi.ProcessInfo{Pid: uint32(pid)}
		if id := execs[pid]; id != "" {
			info.Info = wire.Any{TypeURL: "containerd.runc.v1.ProcessDetails", Value: wire.Marshal(taskapi.ProcessDetails{ExecID: id})}
		}
		out.Processes = append(out.Processes, info)
	}
	return out, nil
}

// Wait waits for the end of a process.
func (a *api) Wait(ctx context.Context, r *taskapi.ProcessRequest) (*taskapi.WaitResponse, error) {
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
	return &taskapi.WaitResponse{ExitStatus: uint32(code), ExitedAt: wire.Time(at)}, nil
}

// Stats returns the cgroup's figures, which outlive the last process until
// Delete.
func (a *api) Stats(_ context.Context, r *taskapi.TaskRequest) (*taskapi.StatsResponse, error) {
	t, err := a.s.get(r.ID)
	if err != nil {
		return nil, err
	}
	c, _ := t.current()
	figures, err := c.Stats()
	if err != nil {
		return nil, err
	}
	return &taskapi.StatsResponse{Stats: figures}, nil
}

// Update changes the container's limits.
func (a *api) Update(_ context.Context, r *taskapi.UpdateTaskRequest) (*wire.Empty, error) {
	t, err := a.s.get(r.ID)
	if err != nil {
		return nil, err
	}
	res := &specs.LinuxResources{}
	if err := json.Unmarshal(r.Resources.Value, res); err != nil {
		return nil, errs.New(errs.Invalid, "update %s: not OCI resources: %w", t.id, err)
	}
	c, _ := t.current()
	return &wire.Empty{}, c.Update(res)
}

// Checkpoint is not there.
func (a *api) Checkpoint(_ context.Context, r *taskapi.CheckpointTaskRequest) (*wire.Empty, error) {
	return nil, fmt.Errorf("checkpoint %s: %w", r.ID, errs.New(errs.Unsupported, "containerd cannot order one: say pouch-run checkpoint create"))
}
