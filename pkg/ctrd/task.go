package ctrd

import (
	"context"
	"strings"
	"time"

	tasks "github.com/containerd/containerd/api/services/tasks/v1"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// shimVersion is the task API that the supervisor serves.
const shimVersion = 3

// CreateTask makes the task of container id with its root, by the supervisor
// that listens on the unix socket at address.
func (c *Client) CreateTask(ctx context.Context, id string, root Rootfs, terminal bool, address string) (pid int, err error) {
	ctx, cancel := c.slow(ctx)
	defer cancel()
	req := &tasks.CreateTaskRequest{
		ContainerID: id, Rootfs: root, Terminal: terminal,
		TaskApiAddress: "ttrpc+unix://" + address, TaskApiVersion: shimVersion,
	}
	for until := time.Now().Add(CallTimeout); ; time.Sleep(5 * time.Millisecond) {
		r, err := c.tasks().Create(ctx, req)
		if err == nil {
			return int(r.Pid), nil
		}
		if !leftBundle(err) || time.Now().After(until) || ctx.Err() != nil {
			return 0, err
		}
	}
}

// leftBundle reports whether a task was refused because containerd is still
// removing the folder of the one before, whose supervisor was killed: it forgets
// the task first (core/runtime/v2, cleanupAfterDeadShim).
func leftBundle(err error) bool {
	return strings.Contains(err.Error(), "io.containerd.runtime.v2.task") && strings.Contains(err.Error(), "file exists")
}

// RemoveTask removes the task of container id, whose processes are gone, and
// waits until containerd has forgotten it. Idempotent.
func (c *Client) RemoveTask(ctx context.Context, id string) error {
	_, err := c.tasks().Delete(ctx, &tasks.DeleteTaskRequest{ContainerID: id})
	if err == nil || errs.Is(err, errs.NotFound) {
		return nil
	}
	// The supervisor left just now and containerd is cleaning up after it.
	for until := time.Now().Add(CallTimeout); time.Now().Before(until); {
		_, gerr := c.tasks().Get(ctx, &tasks.GetRequest{ContainerID: id})
		if errs.Is(gerr, errs.NotFound) {
			return nil
		}
		if errs.Is(gerr, errs.Unavailable) || ctx.Err() != nil {
			return gerr
		}
		time.Sleep(5 * time.Millisecond)
	}
	return err
}
