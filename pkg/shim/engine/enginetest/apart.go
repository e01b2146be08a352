package enginetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// execApart: all that an exec starts can be killed, be it a daemon in a session of
// its own, and nothing else of the container; and its cgroup goes.
func execApart(t *testing.T, f *fixture) {
	c := f.start(t, f.opts(t, null(), nil, "sleep", "1000"))
	beside, err := c.Exec(t.Context(), proc("sleep", "1000"), null())
	if err != nil {
		t.Fatal(err)
	}
	const daemons = "for i in 1 2 3; do setsid sh -c 'sleep 1000 & sleep 1000 & wait' & done; wait"
	p, group, err := c.ExecApart(t.Context(), proc("sh", "-c", daemons), null())
	if err != nil {
		t.Fatal(err)
	}
	if group == nil {
		t.Fatal("no cgroup of its own")
	}
	other, otherGroup, err := c.ExecApart(t.Context(), proc("sleep", "1000"), null())
	if err != nil {
		t.Fatal(err)
	}
	pids := awaitPids(t, group, 10) // sh, and each time sh and two sleeps
	all, err := c.Pids()
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if !slices.Contains(all, pid) {
			t.Errorf("process %d is not among the container's", pid)
		}
	}
	if slices.Contains(pids, c.Pid()) || slices.Contains(pids, beside.Pid()) || slices.Contains(pids, other.Pid()) {
		t.Errorf("%v holds other processes", pids)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := group.Kill(ctx); err != nil {
		t.Fatal(err)
	}
	if got := waitFor(t, p); got != 137 {
		t.Errorf("exit %d, want 137", got)
	}
	for name, q := range map[string]engine.Process{"process 1": c, "an exec": beside, "another": other} {
		if err := q.Signal(unix.Signal(0)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := group.Remove(ctx); err != nil || group.Exists() {
		t.Errorf("the cgroup stays: %v", err)
	}
	// What is left goes with the container.
	if err := c.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if waitFor(t, other); otherGroup.Exists() {
		t.Error("the cgroup of an exec outlives the container's")
	}
}

func awaitPids(t *testing.T, g *cgroup.Group, n int) []int {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		pids, err := g.Pids()
		if err != nil {
			t.Fatal(err)
		}
		if len(pids) == n {
			return pids
		}
		if time.Now().After(end) {
			t.Fatalf("processes %v, want %d", pids, n)
		}
	}
}
