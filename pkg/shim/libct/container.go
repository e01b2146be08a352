package libct

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"

	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup/metrics"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
	"github.com/pouchcontainer/pouch/pkg/wire"
)

// container is a created container. What must work while libcontainer holds its
// lock, as it does during an exec, goes to the cgroup by path.
type container struct {
	*process // process 1
	engine   *Engine
	lc       *libcontainer.Container
	group    *cgroup.Group
	stateDir string
	id       string
	spec     *specs.Spec // as created, with the limits of the last Update
	restored bool        // it continues a checkpoint: it runs without Start

	apart atomic.Uint64 // of the last cgroup of an exec

	mu      sync.Mutex // guards the rest, and spec
	deleted bool
	oom     bool // what OOMKilled was when the cgroup went
}

// Start implements engine.Container.
func (c *container) Start(ctx context.Context) error {
	if c.ended() {
		return errs.New(errs.Conflict, "start container %s: its process has ended", c.id)
	}
	if c.restored {
		c.started.Store(true)
		return nil
	}
	stop := context.AfterFunc(ctx, func() { c.KillAll() }) //nolint:errcheck // best effort: the caller deletes
	defer stop()
	if err := c.lc.Exec(); err != nil {
		if ctx.Err() != nil {
			err = errs.New(errs.Unavailable, "%w", ctx.Err())
		}
		return errs.New(errs.KindOf(err), "start container %s: %w", c.id, err)
	}
	c.started.Store(true)
	return nil
}

// Signal implements engine.Process for process 1. SIGKILL thaws a paused
// container: cgroup v1 holds it back else.
func (c *container) Signal(sig os.Signal) error {
	err := c.process.Signal(sig)
	if sig == unix.SIGKILL && err == nil {
		err = c.group.Thaw()
	}
	return err
}

// Exec implements engine.Container. A container that has ended or is paused is
// errs.Conflict. Calls for one container run one after the other.
func (c *container) Exec(ctx context.Context, p *specs.Process, io engine.IO) (engine.Process, error) {
	return c.exec(ctx, p, io, c.lc.Start)
}

func (c *container) exec(ctx context.Context, p *specs.Process, io engine.IO, start func(*libcontainer.Process) error) (engine.Process, error) {
	switch err := engine.CheckProcess(p); {
	case err != nil:
		return nil, err
	case c.ended():
		return nil, errs.New(errs.Conflict, "exec in container %s: it is not running", c.id)
	case c.group.Frozen():
		return nil, errs.New(errs.Conflict, "exec in container %s: it is paused: resume it first", c.id)
	case ctx.Err() != nil:
		return nil, errs.New(errs.Unavailable, "exec in container %s: %w", c.id, ctx.Err())
	}
	out, err := c.engine.run(start, p, io, false)
	if err != nil {
		if c.ended() {
			return nil, errs.New(errs.Conflict, "exec in container %s: it has ended", c.id)
		}
		return nil, err
	}
	return out, nil
}

// KillAll implements engine.Container. It waits until none is left.
func (c *container) KillAll() error {
	ctx, cancel := context.WithTimeout(context.Background(), killTimeout)
	defer cancel()
	return c.group.Kill(ctx)
}

// Pids implements engine.Container.
func (c *container) Pids() ([]int, error) { return c.group.Pids() }

// Pause implements engine.Container. Idempotent.
func (c *container) Pause() error {
	if c.ended() {
		return errs.New(errs.Conflict, "pause container %s: it is not running", c.id)
	}
	ctx, cancel := context.WithTimeout(context.Background(), killTimeout)
	defer cancel()
	return c.group.Freeze(ctx)
}

// Resume implements engine.Container. Idempotent.
func (c *container) Resume() error { return c.group.Thaw() }

// Stats implements engine.Container.
func (c *container) Stats() (wire.Any, error) { return metrics.Read(c.group) }

// WatchOOM implements engine.Container.
func (c *container) WatchOOM(f func()) (stop func(), err error) { return c.group.WatchOOM(f) }

// OOMKilled implements engine.Container. After Delete it tells what was.
func (c *container) OOMKilled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.oom || c.group.OOMKills() > 0
}

// Delete implements engine.Container.
func (c *container) Delete(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deleted {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, killTimeout)
	defer cancel()
	c.oom = c.oom || c.group.OOMKills() > 0
	if !c.ended() || !c.group.RemoveIdle() {
		if err := c.removeBusy(ctx); err != nil {
			return err
		}
	}
	c.deleted = true
	// The last of libcontainer's work: intel rdt, the state folder, poststop hooks.
	return errors.Join(c.lc.Destroy(), removeState(c.stateDir, c.id))
}

// removeBusy ends what still runs in the container and removes its cgroups.
func (c *container) removeBusy(ctx context.Context) error {
	if err := c.group.Kill(ctx); err != nil {
		return err
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		return errs.New(errs.Unavailable, "delete container %s: process %d does not end: %w", c.id, c.pid, ctx.Err())
	}
	c.oom = c.oom || c.group.OOMKills() > 0
	return c.group.Remove(ctx)
}
