// Package ociruntime is the engine that makes containers with any OCI runtime's
// command line (runc's, as crun, youki, runlxc and runv have it: create, start,
// exec, kill, pause, resume, update, delete).
//
// The process that uses it becomes a subreaper: the runtime exits once the
// container is made, and process 1 and every exec are then children of this
// process, each awaited by its own pid. A runtime writes its own error text to
// its stderr, which is the container's stderr, besides its log.
package ociruntime

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// killTimeout bounds the waits that have no context of their own.
const killTimeout = 10 * time.Second

// Engine runs one OCI runtime.
type Engine struct {
	path    string
	reap    *reaper
	version func() string // of the spec, to be written into config.json

	execHelp func() string // what the runtime says of its exec
}

var _ engine.Engine = (*Engine)(nil)

// New returns an engine of the runtime at path, or found as path in $PATH, and
// makes this process a subreaper (PR_SET_CHILD_SUBREAPER, prctl(2)). A runtime
// that cannot be run is errs.NotFound.
func New(path string) (*Engine, error) {
	full, err := exec.LookPath(path)
	if err == nil {
		full, err = filepath.Abs(full)
	}
	if err != nil {
		return nil, errs.New(errs.NotFound, "runtime %s: %w: install it or give its path", path, err)
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, os.NewSyscallError("prctl PR_SET_CHILD_SUBREAPER", err)
	}
	return &Engine{path: full, reap: newReaper(), version: probe(full), execHelp: helpOf(full)}, nil
}

// Create implements engine.Engine. It writes o.Spec to <Bundle>/config.json.
func (e *Engine) Create(ctx context.Context, o engine.CreateOpts) (engine.Container, error) {
	if err := check(o); err != nil {
		return nil, err
	}
	if o.Restore != nil {
		return nil, errs.New(errs.Unsupported, "restore container %s: checkpoints work with the built-in runtime alone, not with %s", o.ID, e.path)
	}
	c := &container{engine: e, opts: o, spec: o.Spec}
	if err := c.prepare(); err != nil {
		return nil, err
	}
	err := c.create(ctx)
	if err == nil {
		return c, nil
	}
	if ctx.Err() != nil {
		err = errs.New(errs.Unavailable, "create container %s: %w", o.ID, ctx.Err())
	}
	undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), killTimeout)
	defer cancel()
	derr := e.Destroy(undo, o.StateDir, o.ID)
	if c.process != nil {
		c.Wait() // reaped; Destroy has killed it
	}
	return nil, errors.Join(err, derr)
}

func check(o engine.CreateOpts) error {
	if err := engine.CheckID(o.ID); err != nil {
		return err
	}
	if o.Spec == nil {
		return errs.New(errs.Invalid, "create container %s: no spec", o.ID)
	}
	if err := engine.CheckProcess(o.Spec.Process); err != nil {
		return err
	}
	if _, err := os.Lstat(filepath.Join(o.StateDir, o.ID)); err == nil {
		return errs.New(errs.Conflict, "create container %s: %s has it already", o.ID, o.StateDir)
	}
	return nil
}

// prepare writes the bundle's config.json and notes the cgroups, before
// anything is made.
func (c *container) prepare() error {
	o := c.opts
	if err := os.MkdirAll(o.StateDir, 0o700); err != nil {
		return err
	}
	s := *o.Spec
	s.Version = c.engine.version()
	if o.Rootfs != "" {
		root := rootOf(o.Spec)
		root.Path = o.Rootfs
		s.Root = &root
	}
	proc := *s.Process
	proc.Terminal = o.IO.Terminal
	s.Process = &proc
	group, err := groupOf(o)
	if err != nil {
		return err
	}
	c.group = group
	c.engine.reap.group(group)
	if err := group.Record(o.StateDir, o.ID); err != nil {
		return fmt.Errorf("note the cgroups of %s: %w", o.ID, err)
	}
	if err := fsx.WriteJSONVolatile(filepath.Join(o.Bundle, "config.json"), &s, 0o600); err != nil {
		return errors.Join(err, cgroup.Forget(o.StateDir, o.ID))
	}
	return nil
}

// groupOf is where the spec puts the container. What the systemd driver or the
// runtime will choose is seen when the process is there.
func groupOf(o engine.CreateOpts) (*cgroup.Group, error) {
	if l := o.Spec.Linux; l != nil && !o.SystemdCgroup && filepath.IsAbs(l.CgroupsPath) {
		return cgroup.Of(filepath.Clean(l.CgroupsPath))
	}
	return cgroup.Of("/pouch/" + o.ID)
}

// Destroy implements engine.Engine. The runtime's own delete runs for its state
// and its hooks; the cgroups are removed whatever it says.
func (e *Engine) Destroy(ctx context.Context, stateDir, id string) error {
	if err := engine.CheckID(id); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, killTimeout)
	defer cancel()
	group, err := cgroup.Recall(stateDir, id)
	if err != nil {
		return err
	}
	if err := e.kill(ctx, group); err != nil {
		return err
	}
	if _, err := os.Lstat(filepath.Join(stateDir, id)); err == nil {
		half, cancel := context.WithTimeout(ctx, killTimeout/2)
		defer cancel()
		e.command(stateDir, "", false, "delete", "--force", id).run(half) //nolint:errcheck // what it leaves is removed below
	}
	return e.sweep(ctx, group, stateDir, id)
}

// sweep removes what a runtime's delete may leave.
func (e *Engine) sweep(ctx context.Context, group *cgroup.Group, stateDir, id string) error {
	if err := group.Kill(ctx); err != nil {
		return err
	}
	if err := group.Remove(ctx); err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(stateDir, id)); err != nil {
		return fmt.Errorf("remove the runtime state of %s: %w", id, err)
	}
	return cgroup.Forget(stateDir, id)
}

// kill kills all of the group, and has the zombies reaped that become ours.
func (e *Engine) kill(ctx context.Context, group *cgroup.Group) error {
	if pids, err := group.Pids(); err == nil {
		e.reap.expect(pids)
	}
	return group.Kill(ctx)
}
