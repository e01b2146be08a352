// Package lxcfs keeps one lxcfs a run-root: a filesystem whose files tell
// processes what their cgroup has where /proc tells what the host has (lxcfs(1)).
// Its mount lies in a mount namespace of the daemon's own, so the host has none
// that a crash could leave; containers get copies of it. The daemon starts with
// the first container that asks for it and goes with the last one.
package lxcfs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// Magic is FUSE's number in statfs(2), and Type how mountinfo calls lxcfs.
const (
	Magic = unix.FUSE_SUPER_MAGIC
	Type  = "fuse.lxcfs"
)

// answerLimit is how long an lxcfs may take to answer before it counts as hung.
const answerLimit = 10 * time.Second

// Files are those of lxcfs that containers see, below its mount and below their
// root alike.
func Files() []string {
	return []string{
		"proc/cpuinfo", "proc/diskstats", "proc/loadavg", "proc/meminfo", "proc/slabinfo",
		"proc/stat", "proc/swaps", "proc/uptime", "sys/devices/system/cpu/online",
	}
}

// Service is the lxcfs of one run-root. Its methods are safe for use by any
// number of processes at once.
type Service struct {
	s     *store.Store
	dirs  []string      // where the program may be
	limit time.Duration // answerLimit
}

// Of returns the service. It does nothing yet.
func Of(s *store.Store) *Service {
	return &Service{s, []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}, answerLimit}
}

// program finds lxcfs; a missing one is of kind unavailable.
func (v *Service) program() (string, error) {
	for _, d := range v.dirs {
		p := filepath.Join(d, "lxcfs")
		if st, err := os.Stat(p); err == nil && st.Mode().IsRegular() {
			return p, nil
		}
	}
	return "", errs.New(errs.Unavailable, "lxcfs is not installed: apt-get install lxcfs")
}

// private is where the daemon has a tmpfs of its own.
const private = "/run"

// dir is where lxcfs is mounted in the daemon's mount namespace.
func (v *Service) dir() string { return filepath.Join(private, v.s.RunRoot, "lxcfs") }

// tree takes names out of the mount of the daemon d, which has answered. An error
// of kind unavailable says that it is dead, or hung.
func (v *Service) trees(ctx context.Context, d record.Proc, names []string) (map[string]mount.Tree, error) {
	return limited(ctx, v.limit, func() (map[string]mount.Tree, error) {
		ns, err := namespace(d)
		if err != nil {
			return nil, err
		}
		defer ns.Close()
		out, err := mount.TreesOf(ns, v.dir(), append([]string{"", "proc/uptime"}, names...), Magic)
		if err != nil {
			return nil, err
		}
		if err := answers(out[""]); err != nil {
			closeAll(out)
			return nil, err
		}
		return out, nil
	})
}

// answers reads a file of lxcfs: what is cached does not count.
func answers(t mount.Tree) error {
	fd, err := unix.Openat(int(t.Fd()), "proc/uptime", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("openat", err)
	}
	defer unix.Close(fd)
	var b [64]byte
	if n, err := unix.Read(fd, b[:]); err != nil || n == 0 {
		return errors.Join(errors.New("it has nothing to read"), err)
	}
	return nil
}

// limited calls do, which may hang in the kernel, and does not wait for it for
// longer than limit.
func limited[T any](ctx context.Context, limit time.Duration, do func() (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	go func() {
		v, err := do()
		done <- result{v, err}
	}()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var none T
	select {
	case r := <-done:
		if r.err != nil {
			return none, errs.New(errs.Unavailable, "lxcfs does not answer: %w", r.err)
		}
		return r.v, nil
	case <-ctx.Done():
		return none, errs.New(errs.Unavailable, "lxcfs does not answer: %w", ctx.Err())
	}
}

// namespace opens the mount namespace of p.
func namespace(p record.Proc) (*os.File, error) { return ofProc(p, "ns/mnt") }

// ofProc opens a file of process p in /proc, and not of another one that has its
// pid by now.
func ofProc(p record.Proc, name string) (*os.File, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/%s", p.Pid, name))
	if err != nil {
		return nil, err
	}
	if !proc.Alive(p) {
		f.Close()
		return nil, fs.ErrNotExist
	}
	return f, nil
}

func closeAll(trees map[string]mount.Tree) {
	for _, t := range trees {
		t.Close()
	}
}
