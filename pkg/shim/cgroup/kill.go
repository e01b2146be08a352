package cgroup

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Kill kills every process of the group and waits until none is left or ctx
// ends. With cgroup.kill (v2 and hybrid, Linux 5.14) the kernel kills all at
// once; else the group is frozen, killed and thawed, so that a fork bomb cannot
// outrun it. Idempotent. A group that holds the caller is errs.Invalid and is
// not touched.
func (g *Group) Kill(ctx context.Context) error {
	pids, err := g.Pids()
	if err != nil || len(pids) == 0 {
		return err
	}
	if slices.Contains(pids, os.Getpid()) {
		return errs.New(errs.Invalid, "kill cgroup %v: the caller itself is in it", g.Paths())
	}
	for pause := time.Millisecond; ; pause = min(2*pause, 20*time.Millisecond) {
		if err := g.killOnce(); err != nil {
			return err
		}
		if pids, err = g.Pids(); err != nil || len(pids) == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return errs.New(errs.Unavailable, "kill cgroup %v: processes %v do not end: %w", g.Paths(), pids, ctx.Err())
		case <-time.After(pause):
		}
		if pids, err = g.Pids(); err != nil || len(pids) == 0 {
			return err
		}
	}
}

// killOnce sends SIGKILL to what is there now.
func (g *Group) killOnce() error {
	if p := g.v2(); p != "" {
		if err := write(p, "cgroup.kill", "1"); err == nil {
			g.Thaw() //nolint:errcheck // best effort: a v1 freezer holds the signal back
		}
	}
	left, err := g.Pids()
	if err != nil || len(left) == 0 {
		return err
	}
	g.freezeBriefly()
	err = g.signal(unix.SIGKILL)
	if terr := g.Thaw(); err == nil {
		err = terr
	}
	return err
}

// signal sends sig to every process. The pidfds are taken before the list is
// read again, so a pid that was given to another process is not hit.
func (g *Group) signal(sig unix.Signal) error {
	before, err := g.Pids()
	if err != nil {
		return err
	}
	fds := map[int]int{}
	defer func() {
		for _, fd := range fds {
			unix.Close(fd)
		}
	}()
	for _, pid := range before {
		if fd, err := unix.PidfdOpen(pid, 0); err == nil {
			fds[pid] = fd
		}
	}
	now, err := g.Pids()
	if err != nil {
		return err
	}
	for _, pid := range now {
		if fd, ok := fds[pid]; ok {
			err := unix.PidfdSendSignal(fd, sig, nil, 0)
			if err != nil && !errors.Is(err, unix.ESRCH) {
				return os.NewSyscallError("pidfd_send_signal", err)
			}
		}
	}
	return nil
}

// Remove removes the group's folders and those below, and waits until the
// kernel lets them go or ctx ends. Kill comes first. Idempotent.
func (g *Group) Remove(ctx context.Context) error {
	for _, d := range g.dirs {
		if err := unix.Rmdir(d.path); err == nil || errors.Is(err, unix.ENOENT) {
			continue // nothing was below
		}
		if err := walk(d.path, func(p string) error { return rmdir(ctx, p) }); err != nil {
			return err
		}
	}
	return nil
}

// RemoveIdle removes the group's folders when no process and no other group is in
// them, as rmdir(2) finds, and reports whether all are gone. Idempotent.
func (g *Group) RemoveIdle() bool {
	for _, d := range g.dirs {
		if err := unix.Rmdir(d.path); err != nil && !errors.Is(err, unix.ENOENT) {
			return false
		}
	}
	return true
}

func rmdir(ctx context.Context, path string) error {
	for pause := time.Millisecond; ; pause = min(2*pause, 20*time.Millisecond) {
		err := unix.Rmdir(path)
		if err == nil || errors.Is(err, unix.ENOENT) {
			return nil
		}
		if !errors.Is(err, unix.EBUSY) && !errors.Is(err, unix.EINTR) {
			return &fs.PathError{Op: "rmdir", Path: path, Err: err}
		}
		select {
		case <-ctx.Done():
			return errs.New(errs.Unavailable, "remove cgroup %s: still in use: %w", path, err)
		case <-time.After(pause):
		}
	}
}

func write(dir, file, value string) error {
	f, err := os.OpenFile(filepath.Join(dir, file), os.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}
