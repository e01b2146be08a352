package enginetest

import (
	"os"
	"slices"
	"testing"
	"time"

	v1 "github.com/containerd/cgroups/v3/cgroup1/stats"
	v2 "github.com/containerd/cgroups/v3/cgroup2/stats"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/proto"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
	"github.com/pouchcontainer/pouch/pkg/wire"
)

func pids(t *testing.T, f *fixture) {
	r, w := pipe(t)
	c := f.start(t, f.opts(t, engine.IO{Stdout: w}, nil, "sh", "-c", "sleep 1000 & sleep 1000 & echo ready; wait"))
	w.Close()
	readUntil(t, r, "ready")
	got, err := c.Pids()
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || !slices.Contains(got, c.Pid()) {
		t.Errorf("pids %v, want 3 with %d", got, c.Pid())
	}
}

// pauseResume has a process that writes without end: while it is paused its
// pipe stays empty once drained.
func pauseResume(t *testing.T, f *fixture) {
	r, w := pipe(t)
	c := f.start(t, f.opts(t, engine.IO{Stdout: w}, nil, "sh", "-c", "while :; do echo x; done"))
	w.Close()
	readUntil(t, r, "x\n")
	for range 2 {
		if err := c.Pause(); err != nil {
			t.Fatal(err)
		}
	}
	drain(t, r)
	if err := r.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Read(make([]byte, 1)); n > 0 || !os.IsTimeout(err) {
		t.Fatalf("a paused container wrote: %d, %v", n, err)
	}
	if _, err := c.Exec(t.Context(), proc("true"), null()); !errs.Is(err, errs.Conflict) {
		t.Errorf("exec in a paused container: %v, want kind conflict", err)
	}
	if err := c.Resume(); err != nil {
		t.Fatal(err)
	}
	if err := r.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	readUntil(t, r, "x\n")
}

// drain takes what a pipe holds now.
func drain(t *testing.T, r *os.File) {
	t.Helper()
	conn, err := r.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 64<<10)
	if err := conn.Read(func(fd uintptr) bool {
		for n := 1; n > 0; {
			n, _ = unix.Read(int(fd), buf) // the descriptor does not block
		}
		return true
	}); err != nil {
		t.Fatal(err)
	}
}

func killPaused(t *testing.T, f *fixture) {
	c := f.start(t, f.opts(t, null(), nil, "sleep", "1000"))
	if err := c.Pause(); err != nil {
		t.Fatal(err)
	}
	if err := c.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if got := waitFor(t, c); got != 137 {
		t.Errorf("exit %d, want 137", got)
	}
	c = f.start(t, f.opts(t, null(), nil, "sleep", "1000"))
	if err := c.Pause(); err != nil {
		t.Fatal(err)
	}
	if err := c.Delete(t.Context()); err != nil {
		t.Errorf("delete a paused container: %v", err)
	}
}

func memory(limit int64) func(*specs.Spec) {
	return func(s *specs.Spec) { s.Linux.Resources.Memory = &specs.LinuxMemory{Limit: &limit, Swap: &limit} }
}

func oom(t *testing.T, f *fixture) {
	c := f.start(t, f.opts(t, null(), memory(8<<20), "sh", "-c", "x=$(cat /dev/zero | tr '\\0' x)"))
	if got := waitFor(t, c); got == 0 {
		t.Error("exit 0 in spite of no memory")
	}
	if !c.OOMKilled() {
		t.Error("OOMKilled says no")
	}
	if err := c.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !c.OOMKilled() {
		t.Error("OOMKilled says no after Delete")
	}
	// Docker's smallest limit leaves room for the runtime itself.
	c = f.start(t, f.opts(t, null(), memory(6<<20), "true"))
	if waitFor(t, c); c.OOMKilled() {
		t.Error("OOMKilled says yes of true")
	}
}

func update(t *testing.T, f *fixture) {
	c := f.start(t, f.opts(t, null(), memory(64<<20), "sleep", "1000"))
	more, tasks := int64(128<<20), int64(77)
	if err := c.Update(&specs.LinuxResources{
		Memory: &specs.LinuxMemory{Limit: &more}, Pids: &specs.LinuxPids{Limit: &tasks},
	}); err != nil {
		t.Fatal(err)
	}
	s, err := c.Stats()
	if err != nil {
		t.Fatal(err)
	}
	mem, procs := limits(t, s)
	if mem != uint64(more) || procs != uint64(tasks) {
		t.Errorf("memory %d, pids %d; want %d, %d", mem, procs, more, tasks)
	}
	if p, err := c.Exec(t.Context(), proc("true"), null()); err != nil {
		t.Errorf("exec after update: %v", err)
	} else if got := waitFor(t, p); got != 0 {
		t.Errorf("exec after update: exit %d", got)
	}
}

// figures decodes s with containerd's own messages.
func figures(t *testing.T, s wire.Any) any {
	t.Helper()
	var m proto.Message = &v1.Metrics{}
	if s.TypeURL == "io.containerd.cgroups.v2.Metrics" {
		m = &v2.Metrics{}
	} else if s.TypeURL != "io.containerd.cgroups.v1.Metrics" {
		t.Errorf("stats are %s", s.TypeURL)
	}
	if err := proto.Unmarshal(s.Value, m); err != nil {
		t.Fatal(err)
	}
	return m
}

func limits(t *testing.T, s wire.Any) (mem, procs uint64) {
	t.Helper()
	switch s := figures(t, s).(type) {
	case *v1.Metrics:
		return s.GetMemory().GetUsage().GetLimit(), s.GetPids().GetLimit()
	case *v2.Metrics:
		return s.GetMemory().GetUsageLimit(), s.GetPids().GetLimit()
	}
	return 0, 0
}

func stats(t *testing.T, f *fixture) {
	r, w := pipe(t)
	c := f.start(t, f.opts(t, engine.IO{Stdout: w}, memory(64<<20), "sh", "-c", "echo ready; exec sleep 1000"))
	readUntil(t, r, "ready")
	s, err := c.Stats()
	if err != nil {
		t.Fatal(err)
	}
	switch s := figures(t, s).(type) {
	case *v1.Metrics:
		if s.GetPids().GetCurrent() != 1 || s.GetMemory().GetUsage().GetUsage() == 0 || s.GetCPU().GetUsage().GetTotal() == 0 {
			t.Errorf("stats say nothing: %v", s)
		}
	case *v2.Metrics:
		if s.GetPids().GetCurrent() != 1 || s.GetMemory().GetUsage() == 0 || s.GetCPU().GetUsageUsec() == 0 {
			t.Errorf("stats say nothing: %v", s)
		}
	}
}
