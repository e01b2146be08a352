package cgroup

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Prewarm keeps the kernel's cgroup attach path warm until ctx ends: the first
// attach after an idle time waits for an RCU grace period (some 5 to 11 ms), the
// ones that follow at once do not. It writes the caller's own pid into the
// caller's own cgroup, which moves nothing, every 3 ms. It returns at once when
// that is refused, and after 18 ms: a machine on which a container takes longer is
// a busy one, and others' attaches keep it warm. Run it in a goroutine from the
// start of a command until its container is created.
func Prewarm(ctx context.Context) {
	g, err := OfPid(os.Getpid())
	if err != nil {
		return
	}
	dir := g.controller("pids")
	if dir == "" {
		dir = g.v2()
	}
	if dir == "" { // in the root: that is where it stays
		if dir = root("pids"); dir == "" {
			return
		}
	}
	fd, err := unix.Open(filepath.Join(dir, "cgroup.procs"), unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	me := []byte(itoa(os.Getpid()))
	tick := time.NewTicker(3 * time.Millisecond)
	defer tick.Stop()
	for range 6 {
		if _, err := unix.Pwrite(fd, me, 0); err != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// root returns the root of the v1 hierarchy of a controller, or else of v2.
func root(controller string) string {
	roots, err := hierarchies()
	if err != nil {
		return ""
	}
	g := Group{dirs: roots}
	if p := g.controller(controller); p != "" {
		return p
	}
	return g.v2()
}
