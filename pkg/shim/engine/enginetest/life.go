package enginetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

func exitCodes(t *testing.T, f *fixture) {
	for _, want := range []int{0, 1, 42, 255} {
		c := f.start(t, f.opts(t, null(), nil, "sh", "-c", fmt.Sprintf("exit %d", want)))
		if got := waitFor(t, c); got != want {
			t.Errorf("exit %d: Wait says %d", want, got)
		}
		if got := c.Wait().Code; got != want {
			t.Errorf("exit %d: the second Wait says %d", want, got)
		}
		if err := c.Signal(unix.SIGTERM); !errors.Is(err, unix.ESRCH) {
			t.Errorf("signal after the end: %v, want ESRCH", err)
		}
	}
}

func signalExit(t *testing.T, f *fixture) {
	c := f.start(t, f.opts(t, null(), nil, "sleep", "1000"))
	if err := c.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if got := waitFor(t, c); got != 137 {
		t.Errorf("SIGKILL: %d, want 137", got)
	}
	r, w := pipe(t)
	c = f.start(t, f.opts(t, engine.IO{Stdout: w}, nil, "sh", "-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done"))
	readUntil(t, r, "ready")
	if err := c.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := waitFor(t, c); got != 7 {
		t.Errorf("SIGTERM trapped: %d, want 7", got)
	}
	// A signal right after Start reaches the command, not the runtime's init.
	c = f.start(t, f.opts(t, null(), func(s *specs.Spec) {
		s.Linux.Namespaces = s.Linux.Namespaces[1:] // process 1 of a namespace ignores it
	}, "sleep", "1000"))
	if err := c.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := waitFor(t, c); got != 143 {
		t.Errorf("SIGTERM at once: %d, want 143", got)
	}
}

func createDoesNotRun(t *testing.T, f *fixture) {
	mark := filepath.Join(f.rootfs, "tmp", "ran")
	os.Remove(mark)
	c := f.create(t, f.opts(t, null(), nil, "sh", "-c", "echo 1 > /tmp/ran"))
	if _, err := os.Stat(mark); err == nil {
		t.Fatal("create alone ran the command")
	}
	if err := unix.Kill(c.Pid(), 0); err != nil {
		t.Fatalf("the created process: %v", err)
	}
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := waitFor(t, c); got != 0 {
		t.Fatalf("exit %d", got)
	}
	if _, err := os.Stat(mark); err != nil {
		t.Fatalf("start did not run the command: %v", err)
	}
}

// createFails shows that a command fails with a kind, in Create or in Start,
// and that nothing is left.
func createFails(t *testing.T, f *fixture, kind errs.Kind, args ...string) {
	t.Helper()
	o := f.opts(t, null(), nil, args...)
	c, err := f.engine.Create(t.Context(), o)
	if err == nil {
		err = c.Start(t.Context())
		if derr := c.Delete(context.Background()); derr != nil {
			t.Errorf("%v: delete: %v", args, derr)
		}
	}
	if errs.KindOf(err) != kind {
		t.Errorf("%v: kind %s, want %s: %v", args, errs.KindOf(err), kind, err)
	}
	f.gone(t, o.ID)
}

func noCommand(t *testing.T, f *fixture) {
	createFails(t, f, errs.NoCommand, "nosuch")
	createFails(t, f, errs.NoCommand, "/no/such")
	createFails(t, f, errs.NoCommand, "")
}

func notExecutable(t *testing.T, f *fixture) {
	createFails(t, f, errs.NotExecutable, "/etc/noexec")
	createFails(t, f, errs.NotExecutable, "/etc")
}

// execFails has commands that are found, may be executed, and cannot: a file
// without a format, a script whose interpreter is not there. That is seen too
// late for an error, so the exit code tells.
func execFails(t *testing.T, f *fixture) {
	for name, text := range map[string]string{"junk": "\x7fjunk", "script": "#!/no/such\n"} {
		if err := os.WriteFile(filepath.Join(f.rootfs, "tmp", name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		c := f.start(t, f.opts(t, null(), nil, "/tmp/"+name))
		if got := waitFor(t, c); got != 126 {
			t.Errorf("%s: exit %d, want 126", name, got)
		}
		c = f.start(t, f.opts(t, null(), nil, "sleep", "1000"))
		p, err := c.Exec(t.Context(), proc("/tmp/"+name), null())
		if err != nil {
			t.Errorf("exec %s: %v", name, err)
		} else if got := waitFor(t, p); got != 126 {
			t.Errorf("exec %s: exit %d, want 126", name, got)
		}
	}
	c := f.start(t, f.opts(t, null(), nil, "sh", "-c", "exit 255"))
	if got := waitFor(t, c); got != 255 {
		t.Errorf("exit 255: %d", got)
	}
}

// poststop shows that the hooks after the end run, by Delete and by Destroy.
func poststop(t *testing.T, f *fixture) {
	for _, byDelete := range []bool{true, false} {
		mark := filepath.Join(f.base, "poststop")
		os.Remove(mark)
		o := f.opts(t, null(), func(s *specs.Spec) {
			s.Hooks = &specs.Hooks{Poststop: []specs.Hook{{Path: "/bin/sh", Args: []string{"sh", "-c", "echo > " + mark}}}}
		}, "sleep", "1000")
		c := f.start(t, o)
		if !byDelete {
			if err := f.engine.Destroy(t.Context(), f.stateDir, o.ID); err != nil {
				t.Fatal(err)
			}
		} else if err := c.Delete(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(mark); err != nil {
			t.Errorf("by Delete: %v: the hook did not run: %v", byDelete, err)
		}
	}
}

func badOpts(t *testing.T, f *fixture) {
	createFails(t, f, errs.Invalid)
	for _, id := range []string{"", ".", "..", "a/b", "../x", ".hidden"} {
		o := f.opts(t, null(), nil, "true")
		o.ID = id
		if _, err := f.engine.Create(t.Context(), o); !errs.Is(err, errs.Invalid) {
			t.Errorf("create with id %q: %v, want kind invalid", id, err)
		}
		if err := f.engine.Destroy(t.Context(), f.stateDir, id); !errs.Is(err, errs.Invalid) {
			t.Errorf("destroy of id %q: %v, want kind invalid", id, err)
		}
	}
	o := f.opts(t, null(), nil, "true")
	o.Spec.Process.Cwd = "relative"
	if _, err := f.engine.Create(t.Context(), o); !errs.Is(err, errs.Invalid) {
		t.Errorf("relative cwd: %v, want kind invalid", err)
	}
}

func sameID(t *testing.T, f *fixture) {
	o := f.opts(t, null(), nil, "sleep", "1000")
	c := f.start(t, o)
	if _, err := f.engine.Create(t.Context(), o); !errs.Is(err, errs.Conflict) {
		t.Fatalf("second create: %v, want kind conflict", err)
	}
	if err := unix.Kill(c.Pid(), 0); err != nil {
		t.Fatalf("the failed create hurt the first container: %v", err)
	}
}

func killAll(t *testing.T, f *fixture) {
	c := f.start(t, f.opts(t, null(), nil, "sh", "-c", "for i in 1 2 3 4 5; do sleep 1000 & done; wait"))
	if err := c.KillAll(); err != nil {
		t.Fatal(err)
	}
	if got := waitFor(t, c); got != 137 {
		t.Errorf("exit %d, want 137", got)
	}
	if left, err := c.Pids(); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if err := c.KillAll(); err != nil {
		t.Errorf("again: %v", err)
	}
}

// hostPid has no pid namespace: the kernel does not end the others with
// process 1, Delete must.
func hostPid(t *testing.T, f *fixture) {
	o := f.opts(t, null(), func(s *specs.Spec) {
		s.Linux.Namespaces = s.Linux.Namespaces[1:]
	}, "sh", "-c", "sleep 1000 & sleep 1000 & exit 3")
	c := f.start(t, o)
	if got := waitFor(t, c); got != 3 {
		t.Fatalf("exit %d, want 3", got)
	}
	left, err := c.Pids()
	if err != nil || len(left) != 2 {
		t.Fatalf("pids after the end of process 1: %v, %v; want 2", left, err)
	}
	if err := c.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.gone(t, o.ID)
}

func deleteTwice(t *testing.T, f *fixture) {
	c := f.start(t, f.opts(t, null(), nil, "sleep", "1000"))
	for range 2 {
		if err := c.Delete(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := waitFor(t, c); got != 137 {
		t.Errorf("exit %d, want 137", got)
	}
}

func destroyLive(t *testing.T, f *fixture) {
	o := f.opts(t, null(), nil, "sh", "-c", "sleep 1000 & sleep 1000")
	c, err := f.engine.Create(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.engine.Destroy(t.Context(), f.stateDir, o.ID); err != nil {
			t.Fatal(err)
		}
		f.gone(t, o.ID)
	}
	if got := waitFor(t, c); got != 137 {
		t.Errorf("exit %d, want 137", got)
	}
}

// destroyNothing destroys what was never made, and a cgroup that was made
// before anything was noted.
func destroyNothing(t *testing.T, f *fixture) {
	id := NewID()
	if err := f.engine.Destroy(t.Context(), f.stateDir, id); err != nil {
		t.Fatal(err)
	}
	g, err := cgroup.Of("/pouch/" + id)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range g.Paths() {
		if err := os.MkdirAll(filepath.Join(p, "sub"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.engine.Destroy(t.Context(), f.stateDir, id); err != nil {
		t.Fatal(err)
	}
	f.gone(t, id)
}
