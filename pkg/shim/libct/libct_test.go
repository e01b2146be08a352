package libct_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/shim/engine"
	"github.com/pouchcontainer/pouch/pkg/shim/engine/enginetest"
	"github.com/pouchcontainer/pouch/pkg/shim/libct"
	_ "github.com/pouchcontainer/pouch/pkg/shim/libct/reexec"
)

// The leader thread stays with the main goroutine: see package libct.
func init() { runtime.LockOSThread() }

func TestEngine(t *testing.T) {
	ns := link(t, "/proc/self/ns/mnt")
	cwd := link(t, "/proc/self/cwd")
	enginetest.Run(t, libct.New(nil))
	// libcontainer's goroutines enter the containers' mount namespaces: none may
	// have taken the leader thread there, nor this process' working folder.
	if got := link(t, "/proc/self/ns/mnt"); got != ns {
		t.Errorf("the leader thread is in mount namespace %s, was in %s", got, ns)
	}
	if got := link(t, "/proc/self/cwd"); got != cwd {
		t.Errorf("the working folder is %s, was %s", got, cwd)
	}
}

func link(t *testing.T, path string) string {
	t.Helper()
	s, err := os.Readlink(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// base makes a folder with a root file system in it.
func base(t testing.TB) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	dir, err := os.MkdirTemp("/tmp", "pl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	enginetest.Rootfs(t, filepath.Join(dir, "r"))
	return dir
}

func opts(dir string, args ...string) engine.CreateOpts {
	id := enginetest.NewID()
	rootfs := filepath.Join(dir, "r")
	return engine.CreateOpts{
		ID: id, Bundle: dir, Rootfs: rootfs, StateDir: filepath.Join(dir, "s"),
		Spec: enginetest.Spec(id, rootfs, args...),
	}
}

// TestRuncReadsState shows that runc's command line of the same version works
// on the state folder.
func TestRuncReadsState(t *testing.T) {
	dir := base(t)
	runc, err := filepath.Abs("../../../bin/runc")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(runc); err != nil {
		t.Skip("needs bin/runc")
	}
	o := opts(dir, "sleep", "1000")
	data, err := json.Marshal(o.Spec) // a bundle has it; runc exec reads it
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := libct.New(nil).Create(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Delete(context.Background()) // checked by the suite
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(runc, "--root", o.StateDir, "list").CombinedOutput()
	if err != nil || !strings.Contains(string(out), o.ID) || !strings.Contains(string(out), "running") {
		t.Errorf("runc list: %s, %v", out, err)
	}
	out, err = exec.Command(runc, "--root", o.StateDir, "exec", o.ID, "echo", "inside").CombinedOutput()
	if err != nil || string(out) != "inside\n" {
		t.Errorf("runc exec: %s, %v", out, err)
	}
}

// TestSeccomp shows that a profile holds for process 1 and for exec.
func TestSeccomp(t *testing.T) {
	dir := base(t)
	o := opts(dir, "sleep", "1000")
	o.Spec.Linux.Seccomp = &specs.LinuxSeccomp{
		DefaultAction: specs.ActAllow,
		Syscalls:      []specs.LinuxSyscall{{Names: []string{"mkdir", "mkdirat"}, Action: specs.ActErrno}},
	}
	c, err := libct.New(nil).Create(t.Context(), o)
	if err != nil && strings.Contains(err.Error(), "seccomp: config provided but seccomp not supported") {
		t.Skip("needs the build tag seccomp")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer c.Delete(context.Background()) // checked by the suite
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	p, err := c.Exec(t.Context(), &specs.Process{
		Args: []string{"mkdir", "/tmp/made"}, Cwd: "/", Env: []string{"PATH=/bin"},
		NoNewPrivileges: true,
	}, engine.IO{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Wait().Code == 0 {
		t.Error("mkdir passes the profile that denies it")
	}
	if err := c.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
}
