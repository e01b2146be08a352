// Package libct is the engine that makes containers with libcontainer in this
// process. It is the only importer of libcontainer, with its package reexec.
//
// A program that uses it imports pkg/shim/libct/reexec, pins its leader thread
// (func init() { runtime.LockOSThread() } in package main, and main never
// returns to other work) because libcontainer's goroutines enter mount
// namespaces, and has no reaper: libcontainer waits for its own children.
//
// The state folder is runc's own form: `runc --root <StateDir> list`, state and
// exec of the same version work on it.
package libct

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// killTimeout bounds the waits that have no context of their own.
const killTimeout = 10 * time.Second

// Engine makes containers with libcontainer. One a process: the working folder
// of the process is changed while a container is configured.
type Engine struct {
	cwd    sync.Mutex // held while the process' working folder is a bundle
	starts starts
}

// New returns an engine. The warnings of libcontainer, whose logger is one a
// process, go to log; nil leaves the logger as it is.
func New(log io.Writer) *Engine {
	if log != nil {
		logrus.SetOutput(log)
	}
	return &Engine{starts: starts{pids: map[int]bool{}}}
}

var _ engine.Engine = (*Engine)(nil)

// Create makes the container. When ctx ends meanwhile what was made is killed,
// and the error is ctx's.
func (e *Engine) Create(ctx context.Context, o engine.CreateOpts) (engine.Container, error) {
	if err := check(o); err != nil {
		return nil, err
	}
	cfg, err := e.config(o)
	if err != nil {
		return nil, err
	}
	lc, err := libcontainer.Create(o.StateDir, o.ID, cfg)
	if err != nil {
		return nil, createError(o, err)
	}
	c, err := e.start(ctx, o, lc)
	if err != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), killTimeout)
		defer cancel()
		return nil, errors.Join(err, e.Destroy(undo, o.StateDir, o.ID))
	}
	return c, nil
}

func check(o engine.CreateOpts) error {
	if err := engine.CheckID(o.ID); err != nil {
		return err
	}
	if o.Spec == nil {
		return errs.New(errs.Invalid, "create container %s: no spec", o.ID)
	}
	return engine.CheckProcess(o.Spec.Process)
}

func createError(o engine.CreateOpts, err error) error {
	kind := errs.Internal
	if errors.Is(err, libcontainer.ErrExist) {
		kind = errs.Conflict
	}
	return errs.New(kind, "create container %s in %s: %w", o.ID, o.StateDir, err)
}

// start runs libcontainer's init up to its wait for Start.
func (e *Engine) start(ctx context.Context, o engine.CreateOpts, lc *libcontainer.Container) (*container, error) {
	group, err := groupOf(lc)
	if err != nil {
		return nil, err
	}
	if err := group.Record(o.StateDir, o.ID); err != nil {
		return nil, fmt.Errorf("note the cgroups of %s: %w", o.ID, err)
	}
	limits := limitsOf(o.Spec)
	if err := group.AllowRealtime(limits); err != nil {
		return nil, err
	}
	c := &container{engine: e, lc: lc, group: group, stateDir: o.StateDir, id: o.ID, spec: o.Spec}
	stop := context.AfterFunc(ctx, func() { c.KillAll() }) //nolint:errcheck // best effort: Destroy follows
	defer stop()
	run := lc.Start
	if c.restored = o.Restore != nil; c.restored {
		run = func(lp *libcontainer.Process) error { return e.restore(lc, o, lp) }
	}
	c.process, err = e.run(run, o.Spec.Process, o.IO, true)
	if ctx.Err() != nil {
		return nil, errs.New(errs.Unavailable, "create container %s: %w", o.ID, ctx.Err())
	}
	if err == nil {
		err = group.LimitKernelMemory(limits)
	}
	return c, err
}

func limitsOf(s *specs.Spec) *specs.LinuxResources {
	if s.Linux == nil {
		return nil
	}
	return s.Linux.Resources
}

func groupOf(lc *libcontainer.Container) (*cgroup.Group, error) {
	st, err := lc.State()
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, p := range st.CgroupPaths {
		if p != "" {
			paths = append(paths, p)
		}
	}
	return cgroup.Dirs(paths)
}

// Destroy implements engine.Engine. It runs the poststop hooks when the state
// of the container can be read.
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
	if err := group.Kill(ctx); err != nil {
		return err
	}
	if err := group.Remove(ctx); err != nil {
		return err
	}
	if lc, lerr := libcontainer.Load(stateDir, id); lerr == nil {
		err = destroy(ctx, lc)
	}
	return errors.Join(err, removeState(stateDir, id))
}

// destroy is libcontainer's Destroy, which refuses while process 1 is there: one
// that was killed leaves its cgroup a moment before it is a zombie.
func destroy(ctx context.Context, lc *libcontainer.Container) error {
	for {
		err := lc.Destroy()
		if !errors.Is(err, libcontainer.ErrRunning) {
			return err
		}
		select {
		case <-ctx.Done():
			return errs.New(errs.Unavailable, "%w: %w", err, ctx.Err())
		case <-time.After(time.Millisecond):
		}
	}
}

// removeState removes what runtime and engine keep of a container.
func removeState(stateDir, id string) error {
	if err := os.RemoveAll(filepath.Join(stateDir, id)); err != nil {
		return fmt.Errorf("remove the runtime state of %s: %w", id, err)
	}
	return cgroup.Forget(stateDir, id)
}
