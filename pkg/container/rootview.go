package container

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/archive"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// withRoot calls do with the files of container id: those that its process 1
// sees, or, when none runs, its root with its volumes, mounted for do alone.
// With bare nothing that is mounted in the root is seen, but what it covers.
// Nothing of the container is run or entered (CVE-2019-14271). A container that
// does not run cannot be started meanwhile. It fails with kind conflict for one
// that is between two lives, is being made or is being removed.
func (m *Manager) withRoot(ctx context.Context, id string, bare bool, do func(archive.Tree) error) error {
	for {
		c, st, err := m.look(id)
		if err != nil {
			return err
		}
		switch st.Status {
		case record.Creating, record.Removing, record.Restarting:
			return errs.New(errs.Conflict, "container %s is %s: wait until it runs, or stop it", c.Name, st.Status)
		}
		if Alive(st) && !m.initEnded(st) {
			root, err := livingRoot(st, bare)
			if errors.Is(err, errEnded) {
				continue
			}
			return looked(c, root, err, do)
		}
		done, err := m.withStopped(ctx, id, bare, do)
		if done || err != nil {
			return err
		}
	}
}

// errEnded says that a process has ended by now.
var errEnded = errors.New("it has ended")

// livingRoot opens the root of a container that runs.
func livingRoot(st *record.State, bare bool) (root *os.File, err error) {
	if bare {
		root, err = mount.Bare(st.Init.Pid)
	} else {
		root, err = os.OpenFile(fmt.Sprintf("/proc/%d/root", st.Init.Pid), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ESRCH), err == nil && !proc.Alive(st.Init):
		if root != nil {
			root.Close()
		}
		return nil, errEnded // the pid may be another process's by now
	}
	return root, err
}

func looked(c *record.Container, root *os.File, err error, do func(archive.Tree) error) error {
	if err != nil {
		return err
	}
	defer root.Close()
	return do(archive.Tree{Root: root, UIDs: c.Host.UIDMap, GIDs: c.Host.GIDMap})
}

// withStopped is withRoot of a container that does not run; not done when
// another command has started it.
func (m *Manager) withStopped(ctx context.Context, id string, bare bool, do func(archive.Tree) error) (done bool, err error) {
	if err := m.tidy(ctx, id); err != nil {
		return false, err
	}
	lock, err := m.lockIdle(ctx, id)
	if lock == nil || err != nil {
		return false, err
	}
	defer m.drop(lock, id)
	c, st, err := m.look(id)
	if errs.Is(err, errs.NotFound) {
		return false, missing(short(id))
	}
	if err != nil || Alive(st) && !m.initEnded(st) {
		return false, err
	}
	return true, m.mounted(ctx, c, bare, do)
}

// mounted mounts the root of a container apart, for do.
func (m *Manager) mounted(ctx context.Context, c *record.Container, bare bool, do func(archive.Tree) error) (err error) {
	cl, err := m.engine(ctx)
	if err != nil {
		return err
	}
	root, err := m.root(ctx, cl, c)
	if err != nil {
		return err
	}
	if !bare {
		if err := m.provide(ctx, c); err != nil {
			return err
		}
		if err := m.Volume.Mount(ctx, c); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, m.Volume.Release(context.WithoutCancel(ctx), c)) }()
	}
	return mount.Apart(func() error {
		v := rootView{m: m, c: c, at: m.Store.ContainerDir(c.ID)}
		defer v.close()
		back, err := makeRoom(c, layers(root))
		if err == nil {
			err = errors.Join(v.mount(ctx, mountsOf(c, root), bare), back())
		}
		if err != nil {
			return fmt.Errorf("mount the root of container %s: %w", c.Name, err)
		}
		h, err := os.OpenFile(v.at, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return looked(c, h, err, do)
	})
}
