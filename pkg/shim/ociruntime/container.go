package ociruntime

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup/metrics"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
	"github.com/pouchcontainer/pouch/pkg/wire"
)

// container is a created container.
type container struct {
	*process // process 1
	engine   *Engine
	opts     engine.CreateOpts
	group    *cgroup.Group

	apart atomic.Uint64 // of the last cgroup of an exec

	mu      sync.Mutex  // guards the rest
	spec    *specs.Spec // as created, with the limits of the last Update
	deleted bool
	oom     bool // what OOMKilled was when the cgroup went
}

func rootOf(s *specs.Spec) specs.Root {
	if s.Root == nil {
		return specs.Root{}
	}
	return *s.Root
}

// create runs the runtime's create and takes its process over.
func (c *container) create(ctx context.Context) error {
	if err := c.group.AllowRealtime(c.limits()); err != nil {
		return err
	}
	p, err := c.launch(ctx, c.opts.IO, func(call launchArgs) []string {
		return append(append([]string{"create", "--bundle", c.opts.Bundle}, call.flags()...), c.opts.ID)
	})
	if p != nil {
		c.process = p
	}
	if err != nil {
		return err
	}
	// Where it really is, below the root of each hierarchy, is what to remove.
	if c.opts.SystemdCgroup || c.opts.Spec.Linux == nil || !filepath.IsAbs(c.opts.Spec.Linux.CgroupsPath) {
		group, err := cgroup.OfPid(p.Pid())
		if err != nil {
			return err
		}
		c.group = group
		c.engine.reap.group(group)
		if err := group.Record(c.opts.StateDir, c.opts.ID); err != nil {
			return err
		}
	}
	return c.group.LimitKernelMemory(c.limits())
}

func (c *container) limits() *specs.LinuxResources {
	if c.opts.Spec.Linux == nil {
		return nil
	}
	return c.opts.Spec.Linux.Resources
}

// call runs a verb of the runtime on the container.
func (c *container) call(ctx context.Context, args ...string) error {
	log, err := c.file("log", nil)
	if err != nil {
		return err
	}
	defer os.Remove(log)
	return c.engine.command(c.opts.StateDir, log, c.opts.SystemdCgroup, args...).run(ctx)
}

// file makes a file of the bundle with a name of its own.
func (c *container) file(what string, data []byte) (string, error) {
	f, err := os.CreateTemp(c.opts.Bundle, "."+what+"-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return f.Name(), err
}

func background() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), killTimeout)
}

// Start implements engine.Container.
func (c *container) Start(ctx context.Context) error {
	if c.ended() {
		return errs.New(errs.Conflict, "start container %s: its process has ended", c.opts.ID)
	}
	if err := c.call(ctx, "start", c.opts.ID); err != nil {
		if ctx.Err() != nil {
			return errs.New(errs.Unavailable, "start container %s: %w", c.opts.ID, ctx.Err())
		}
		return errs.New(errs.KindOf(err), "start container %s: %w", c.opts.ID, err)
	}
	c.started.Store(true)
	return nil
}

// Signal implements engine.Process for process 1, through the runtime, which
// knows best where process 1 is. SIGKILL reaches it whatever the runtime says.
func (c *container) Signal(sig os.Signal) error {
	n, ok := sig.(unix.Signal)
	if !ok {
		return errs.New(errs.Invalid, "signal %v: not a signal of this system", sig)
	}
	if c.ended() {
		return unix.ESRCH
	}
	if c.started.Load() && n != unix.SIGKILL {
		engine.AwaitExec(c.Pid())
	}
	ctx, cancel := background()
	defer cancel()
	err := c.call(ctx, "kill", c.opts.ID, strconv.Itoa(int(n)))
	switch {
	case err != nil && c.ended():
		return unix.ESRCH
	case err != nil && n == unix.SIGKILL:
		err = c.process.Signal(n)
	}
	if err == nil && n == unix.SIGKILL {
		err = c.group.Thaw()
	}
	return err
}

// KillAll implements engine.Container. It waits until none is left.
func (c *container) KillAll() error {
	ctx, cancel := background()
	defer cancel()
	return c.engine.kill(ctx, c.group)
}

// Pids implements engine.Container: by the kernel's list.
func (c *container) Pids() ([]int, error) { return c.group.Pids() }

// Pause implements engine.Container. Idempotent.
func (c *container) Pause() error {
	if c.ended() {
		return errs.New(errs.Conflict, "pause container %s: it is not running", c.opts.ID)
	}
	if c.group.Frozen() {
		return nil
	}
	ctx, cancel := background()
	defer cancel()
	return c.call(ctx, "pause", c.opts.ID)
}

// Resume implements engine.Container. Idempotent.
func (c *container) Resume() error {
	if !c.group.Frozen() {
		return c.group.Thaw()
	}
	ctx, cancel := background()
	defer cancel()
	return c.call(ctx, "resume", c.opts.ID)
}

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

// Delete implements engine.Container. The runtime's delete finds everything
// dead; the cgroups are removed whatever it says.
func (c *container) Delete(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deleted {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, killTimeout)
	defer cancel()
	if err := c.engine.kill(ctx, c.group); err != nil {
		return err
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		return errs.New(errs.Unavailable, "delete container %s: process %d does not end: %w", c.opts.ID, c.Pid(), ctx.Err())
	}
	c.oom = c.oom || c.group.OOMKills() > 0
	c.delete(ctx)
	if err := c.engine.sweep(ctx, c.group, c.opts.StateDir, c.opts.ID); err != nil {
		return fmt.Errorf("delete container %s: %w", c.opts.ID, err)
	}
	c.deleted = true
	return nil
}

// delete runs the runtime's delete, and by force if that fails: within half the
// time, so that what it leaves can be removed.
func (c *container) delete(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, killTimeout/2)
	defer cancel()
	if c.call(ctx, "delete", c.opts.ID) == nil {
		return
	}
	if _, err := os.Lstat(filepath.Join(c.opts.StateDir, c.opts.ID)); err == nil {
		c.call(ctx, "delete", "--force", c.opts.ID) //nolint:errcheck // what it leaves is removed by its caller
	}
}
