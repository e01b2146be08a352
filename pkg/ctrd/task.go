package ctrd

import (
	"context"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/wire"
)

// shimVersion is the task API that the supervisor serves.
const shimVersion = 3

// createTask is containerd.services.tasks.v1.CreateTaskRequest.
type createTask struct {
	ContainerID    string  `pb:"1"`
	Rootfs         []Mount `pb:"3"`
	Terminal       bool    `pb:"7"`
	TaskAPIAddress string  `pb:"11"`
	TaskAPIVersion uint32  `pb:"12"`
}

// CleanupTime is what the private containerd gives the program that it runs after a
// supervisor that was killed. When that is not done in time, containerd leaves the
// folder of the task where it is, and there cannot be another one.
const CleanupTime = time.Minute

// CreateTask makes the task of container id with its root, by the supervisor
// that listens on the unix socket at address. The caller knows that the container
// has no other supervisor. While containerd cleans up after the last one it waits;
// in vain is errs.Unavailable.
func (c *Client) CreateTask(ctx context.Context, id string, root Rootfs, terminal bool, address string) (pid int, err error) {
	ctx, cancel := c.slow(ctx)
	defer cancel()
	req := createTask{id, root, terminal, "ttrpc+unix://" + address, shimVersion}
	var res struct {
		Pid uint32 `pb:"2"`
	}
	begin := time.Now()
	for ; ; time.Sleep(5 * time.Millisecond) {
		err := c.call(ctx, "tasks.v1.Tasks/Create", req, &res)
		if err == nil {
			return int(res.Pid), nil
		}
		if ctx.Err() != nil {
			return 0, err
		}
		switch {
		case leftBundle(err):
			if time.Since(begin) > CleanupTime+CallTimeout {
				return 0, errs.New(errs.Unavailable, "containerd has not cleaned up after the container's last supervisor: %w", err)
			}
		case time.Since(begin) > CallTimeout:
			return 0, err
		case errs.Is(err, errs.Conflict):
			// Of a create that was given up, and that containerd was still at
			// when it was asked whether there is one.
			if rerr := c.RemoveTask(ctx, id); rerr != nil {
				return 0, err
			}
		default:
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

// forgetTime is how long containerd may take to clean up after a supervisor
// that is gone, before it is asked to.
const forgetTime = time.Second

// RemoveTask waits until containerd has forgotten the task of container id,
// whose supervisor is gone: it does so by itself when the connection ends. One
// that it keeps is deleted. Idempotent.
func (c *Client) RemoveTask(ctx context.Context, id string) error {
	gone, err := c.awaitGone(ctx, id, forgetTime)
	if gone || err != nil {
		return err
	}
	derr := c.call(ctx, "tasks.v1.Tasks/Delete", byID{id}, &wire.Empty{})
	if err := unless(derr, errs.NotFound); err == nil {
		return nil
	}
	if gone, err := c.awaitGone(ctx, id, CallTimeout); gone || err != nil {
		return err
	}
	return derr
}

// awaitGone reports whether containerd has no task of container id, or comes to
// have none within limit.
func (c *Client) awaitGone(ctx context.Context, id string, limit time.Duration) (bool, error) {
	until := time.Now().Add(limit)
	for pause := 4 * time.Millisecond; ; pause = min(2*pause, 20*time.Millisecond) {
		err := c.call(ctx, "tasks.v1.Tasks/Get", byID{id}, &wire.Empty{})
		if errs.Is(err, errs.NotFound) {
			return true, nil
		}
		if errs.Is(err, errs.Unavailable) || ctx.Err() != nil {
			return false, err
		}
		if time.Now().After(until) {
			return false, nil
		}
		time.Sleep(pause)
	}
}
