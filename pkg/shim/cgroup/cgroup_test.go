package cgroup

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// made makes a group below /pouch, with a sub-group, that the test's end kills
// and removes.
func made(t *testing.T) *Group {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	g, err := Of("/pouch/t" + strings.ToLower(rand.Text()))
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := g.Kill(ctx); err != nil {
			t.Error(err)
		}
		if err := g.Remove(ctx); err != nil {
			t.Error(err)
		}
		if g.Exists() {
			t.Error("still there")
		}
	})
	for _, p := range g.Paths() {
		if err := os.MkdirAll(filepath.Join(p, "sub", "sub"), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(p, "/cpuset/") { // a v1 cpuset takes no process without
			for _, d := range []string{"..", ".", "sub", "sub/sub"} {
				inherit(t, filepath.Join(p, d))
			}
		}
	}
	return g
}

// inherit gives a v1 cpuset what its parent has, if it has nothing.
func inherit(t *testing.T, dir string) {
	t.Helper()
	for _, f := range []string{"cpuset.cpus", "cpuset.mems"} {
		b, err := os.ReadFile(filepath.Join(dir, f))
		if err != nil || strings.TrimSpace(string(b)) != "" {
			continue
		}
		up, err := os.ReadFile(filepath.Join(filepath.Dir(dir), f))
		if err != nil {
			t.Fatal(err)
		}
		if err := write(dir, f, strings.TrimSpace(string(up))); err != nil {
			t.Fatal(err)
		}
	}
}

// start runs a shell script in the group, below sub, and waits for its "ready".
func start(t *testing.T, g *Group, sub, script string) *exec.Cmd {
	t.Helper()
	var b strings.Builder
	for _, p := range g.Paths() {
		fmt.Fprintf(&b, "echo $$ > %s/cgroup.procs || exit 1\n", filepath.Join(p, sub))
	}
	cmd := exec.Command("sh", "-c", b.String()+"echo ready\n"+script)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill() // it may be dead
		cmd.Wait()         // its exit is of no interest
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		t.Fatalf("the script says %q, %v", line, err)
	}
	return cmd
}

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestOf(t *testing.T) {
	for _, bad := range []string{"", "/", "a", "/a/", "/a/../b", "../x", "/./a"} {
		if _, err := Of(bad); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v, want kind invalid", bad, err)
		}
	}
	for _, bad := range []string{"/etc", "/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory/", "/sys/fs/cgroup/memory/../x", "/sys/fs/cgroup/nosuch/x"} {
		if _, err := Dirs([]string{bad}); !errs.Is(err, errs.Invalid) && !Unified() {
			t.Errorf("folder %q: %v, want kind invalid", bad, err)
		}
	}
}

func TestPidsAndOfPid(t *testing.T) {
	g := made(t)
	a := start(t, g, "", "exec sleep 1000")
	b := start(t, g, "sub/sub", "exec sleep 1000")
	want := []int{a.Process.Pid, b.Process.Pid}
	slices.Sort(want)
	if got, err := g.Pids(); err != nil || !slices.Equal(got, want) {
		t.Errorf("pids %v, %v; want %v", got, err, want)
	}
	of, err := OfPid(a.Process.Pid)
	if err != nil || !slices.Equal(of.Paths(), g.Paths()) {
		t.Errorf("of pid: %v, %v; want %v", of.Paths(), err, g.Paths())
	}
}

func TestKillFrozen(t *testing.T) {
	g := made(t)
	start(t, g, "sub", "exec sleep 1000")
	for range 2 {
		if err := g.Freeze(soon(t)); err != nil {
			t.Fatal(err)
		}
	}
	if !g.Frozen() {
		t.Fatal("not frozen")
	}
	if err := g.Kill(soon(t)); err != nil {
		t.Fatal(err)
	}
	if left, err := g.Pids(); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// forkBomb forks without end, 100 processes at a time.
const forkBomb = "f() { sleep 0.01; f & f & }; for i in 1 2 3 4; do f & done; wait"

func TestKillForkBomb(t *testing.T) {
	g := made(t)
	limit(t, g)
	start(t, g, "", forkBomb)
	if err := g.Kill(soon(t)); err != nil {
		t.Fatal(err)
	}
	if left, err := g.Pids(); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestKillForkBombV1 leaves out the hierarchy that has cgroup.kill.
func TestKillForkBombV1(t *testing.T) {
	g := made(t)
	if Unified() {
		t.Skip("needs cgroup v1")
	}
	limit(t, g)
	start(t, g, "", forkBomb)
	v1 := &Group{}
	for _, d := range g.dirs {
		if !d.v2 {
			v1.dirs = append(v1.dirs, d)
		}
	}
	if err := v1.Kill(soon(t)); err != nil {
		t.Fatal(err)
	}
	if left, err := v1.Pids(); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// limit keeps a fork bomb from the host.
func limit(t *testing.T, g *Group) {
	t.Helper()
	dir := g.controller("pids")
	if dir == "" {
		dir = g.v2()
	}
	if err := write(dir, "pids.max", "100"); err != nil {
		t.Skipf("needs the pids controller: %v", err)
	}
}

// TestV2 freezes, kills and removes by the unified hierarchy alone, as on a host
// of cgroup v2.
func TestV2(t *testing.T) {
	g := made(t)
	if g.v2() == "" {
		t.Skip("needs cgroup v2 mounted")
	}
	v2 := &Group{}
	for _, d := range g.dirs {
		if d.v2 {
			v2.dirs = append(v2.dirs, d)
		}
	}
	cmd := start(t, v2, "sub", "exec sleep 1000")
	if err := v2.Freeze(soon(t)); err != nil || !v2.Frozen() {
		t.Fatalf("freeze: %v, frozen %v", err, v2.Frozen())
	}
	if err := v2.Thaw(); err != nil {
		t.Fatal(err)
	}
	if got, err := v2.Pids(); err != nil || !slices.Equal(got, []int{cmd.Process.Pid}) {
		t.Errorf("pids %v, %v; want %d", got, err, cmd.Process.Pid)
	}
	if err := v2.Freeze(soon(t)); err != nil {
		t.Fatal(err)
	}
	if err := v2.Kill(soon(t)); err != nil {
		t.Fatal(err)
	}
	if err := v2.Remove(soon(t)); err != nil || v2.Exists() {
		t.Errorf("remove: %v, exists %v", err, v2.Exists())
	}
}

// TestOOMKills reads files as the kernel writes them.
func TestOOMKills(t *testing.T) {
	top := t.TempDir()
	sub := filepath.Join(top, "sub")
	if err := os.Mkdir(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{
		filepath.Join(top, "memory.events"):      "low 0\nhigh 0\nmax 9\noom 3\noom_kill 2\noom_group_kill 0\n",
		filepath.Join(top, "memory.oom_control"): "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
		filepath.Join(sub, "memory.oom_control"): "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if n := (&Group{dirs: []dir{{path: top, v2: true}}}).OOMKills(); n != 2 {
		t.Errorf("v2: %d, want 2", n)
	}
	if n := (&Group{dirs: []dir{{path: top, controllers: []string{"memory"}}}}).OOMKills(); n != 5 {
		t.Errorf("v1: %d, want 5", n)
	}
}

func TestKillNotSelf(t *testing.T) {
	g, err := OfPid(os.Getpid())
	if err != nil || len(g.Paths()) == 0 {
		t.Skip("this process is in no group but the root")
	}
	if err := g.Kill(soon(t)); !errs.Is(err, errs.Invalid) {
		t.Errorf("%v, want kind invalid", err)
	}
}

func TestRemoveBusy(t *testing.T) {
	g := made(t)
	start(t, g, "sub", "exec sleep 1000")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := g.Remove(ctx); !errs.Is(err, errs.Unavailable) {
		t.Errorf("%v, want kind unavailable", err)
	}
}

func TestGone(t *testing.T) {
	g, err := Of("/pouch/never-" + rand.Text())
	if err != nil {
		t.Skip(err)
	}
	if err := g.Kill(soon(t)); err != nil {
		t.Error(err)
	}
	if err := g.Remove(soon(t)); err != nil {
		t.Error(err)
	}
	if err := g.Thaw(); err != nil {
		t.Error(err)
	}
	if p, err := g.Pids(); err != nil || len(p) > 0 || g.Exists() || g.Frozen() || g.OOMKills() > 0 {
		t.Errorf("a group that never was: %v, %v", p, err)
	}
}

func TestRecord(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "[st]*") // a name that reads as a pattern
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	g, err := Of("/pouch/x/abc")
	if err != nil {
		t.Skip(err)
	}
	if err := g.Record(dir, "abc"); err != nil {
		t.Fatal(err)
	}
	if got, err := Recall(dir, "abc"); err != nil || !slices.Equal(got.Paths(), g.Paths()) {
		t.Errorf("recall: %v, %v", got, err)
	}
	for _, text := range []string{"", "{", `["/etc"]`, strings.Repeat("x", maxRecord+1)} {
		if err := os.WriteFile(recordPath(dir, "abc"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Recall(dir, "abc")
		if err != nil || !strings.HasSuffix(got.Paths()[0], "/pouch/abc") {
			t.Errorf("recall of %.20q: %v, %v; want what follows from the id", text, got, err)
		}
	}
	half := filepath.Join(dir, ".tmp-.abc.cgroups-123")
	if err := os.WriteFile(half, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := Forget(dir, "abc"); err != nil {
			t.Fatal(err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestPrewarm(t *testing.T) {
	before, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { Prewarm(ctx); close(done) }()
	cancel()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("Prewarm does not end with its context")
	}
	if after, err := os.ReadFile("/proc/self/cgroup"); err != nil || string(after) != string(before) {
		t.Errorf("it moved this process: %s to %s, %v", before, after, err)
	}
}
