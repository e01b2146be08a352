package lxcfs

import (
	"context"
	"fmt"
	"log/slog"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
)

// Start makes sure that lxcfs runs and answers; one that hangs is killed first.
// With keep it stays until Stop, else until the last container that uses it has
// ended. It fails with kind unavailable, saying what to do, when there is no
// lxcfs or it does not come up. Idempotent; of many callers one starts it.
func (v *Service) Start(ctx context.Context, keep bool) error {
	trees, err := v.take(ctx, keep, nil)
	closeAll(trees)
	return err
}

// MountAt mounts lxcfs at the folder dir, in this process' mount namespace; it is
// started when it does not run. The kinds are those of Start. Not idempotent.
func (v *Service) MountAt(ctx context.Context, dir string) error {
	trees, err := v.take(ctx, false, nil)
	if err != nil {
		return err
	}
	defer closeAll(trees)
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", dir, err)
	}
	defer unix.Close(fd)
	return trees[""].OnFd(fd)
}

// take returns names of lxcfs' mount, and under "" that itself, and starts it
// first when need be.
func (v *Service) take(ctx context.Context, keep bool, names []string) (map[string]mount.Tree, error) {
	l, err := v.s.Lock(ctx, "lxcfs", "")
	if err != nil {
		return nil, err
	}
	defer l.Unlock()
	n, runs := v.find()
	if runs {
		trees, err := v.trees(ctx, n.Proc, names)
		if err == nil {
			return trees, v.keep(n, keep)
		}
		slog.Debug("replace lxcfs", "pid", n.Proc.Pid, "error", err)
		if err := end(ctx, n.Proc); err != nil {
			return nil, err
		}
	}
	p, err := v.spawn(ctx)
	if err != nil {
		return nil, fmt.Errorf("start lxcfs: %w", err)
	}
	if err := v.setNote(note{p, keep || n.Keep}); err != nil {
		return nil, err
	}
	trees, err := v.trees(ctx, p, names)
	if err != nil {
		return nil, errs.New(errs.Unavailable, "start lxcfs: %w", err)
	}
	return trees, nil
}

// keep notes that the daemon shall stay, and one of which there was no note.
func (v *Service) keep(n note, keep bool) error {
	n.Keep = n.Keep || keep
	return v.setNote(n)
}
