package cgroup

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// WatchOOM calls f each time that the group has no memory left and the kernel
// kills for it, while the group runs. Calls come one after the other, several
// events may be one call, and none comes once stop has returned. stop, which is
// idempotent, must not be called by f. A group without a memory controller is
// errs.Unsupported. v1: memory.rst, "OOM Control", which tells it before the
// kill; v2: cgroup-v2.rst, memory.events.
func (g *Group) WatchOOM(f func()) (stop func(), err error) {
	var w *os.File
	var more func() bool
	if p := g.controller("memory"); p != "" {
		w, err = watchV1(p)
		more = func() bool { // the end of the group is an event too
			_, err := os.Lstat(filepath.Join(p, "memory.oom_control"))
			return err == nil
		}
	} else if p := g.v2(); p != "" {
		w, err = watchV2(p)
		last := value(p, "memory.events", "oom_kill")
		more = func() bool {
			n := value(p, "memory.events", "oom_kill")
			defer func() { last = n }()
			return n > last
		}
	} else {
		return nil, errs.New(errs.Unsupported, "watch for memory: this host has no memory controller")
	}
	if err != nil {
		return nil, fmt.Errorf("watch cgroup %v for memory: %w", g.Paths(), err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 4096)
		for {
			if _, err := w.Read(b); err != nil {
				return // closed
			}
			if more() {
				f()
			}
		}
	}()
	return sync.OnceFunc(func() { w.Close(); <-done }), nil
}

// watchV1 registers an eventfd(2) that counts the times memory ran out.
func watchV1(dir string) (*os.File, error) {
	c, err := os.Open(filepath.Join(dir, "memory.oom_control"))
	if err != nil {
		return nil, err
	}
	defer c.Close()
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("eventfd", err)
	}
	w := os.NewFile(uintptr(fd), "eventfd")
	if err := write(dir, "cgroup.event_control", fmt.Sprintf("%d %d", fd, c.Fd())); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// watchV2 is an inotify(7) descriptor that tells changes of memory.events.
func watchV2(dir string) (*os.File, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	w := os.NewFile(uintptr(fd), "inotify")
	if _, err := unix.InotifyAddWatch(fd, filepath.Join(dir, "memory.events"), unix.IN_MODIFY); err != nil {
		w.Close()
		return nil, os.NewSyscallError("inotify_add_watch", err)
	}
	return w, nil
}
