// Package enginetest is the conformance suite of engine.Engine: what every
// engine does, shown with real containers on the real kernel.
package enginetest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// fixture is an engine with a root file system to run.
type fixture struct {
	engine   engine.Engine
	rootfs   string
	stateDir string
	base     string
}

// newFixture makes a root file system of Debian's busybox-static.
func newFixture(t *testing.T, e engine.Engine) *fixture {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	base, err := os.MkdirTemp("/tmp", "pe")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	f := &fixture{engine: e, base: base, rootfs: filepath.Join(base, "r"), stateDir: filepath.Join(base, "s")}
	Rootfs(t, f.rootfs)
	return f
}

// Rootfs makes a root file system of busybox-static in dir.
func Rootfs(t testing.TB, dir string) {
	t.Helper()
	box, err := exec.LookPath("busybox")
	if err != nil {
		t.Skip("needs busybox-static")
	}
	for _, d := range []string{"bin", "proc", "dev", "sys", "tmp", "etc", "root"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(box)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bin/busybox"), data, 0o755); err != nil {
		t.Fatal(err)
	}
	list, err := exec.Command(box, "--list").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.FieldsSeq(string(list)) {
		if name != "busybox" {
			if err := os.Symlink("busybox", filepath.Join(dir, "bin", name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, text := range map[string]string{"etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "etc/noexec": "x"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// NewID returns a fresh container id, of the length that Pouch's have.
func NewID() string {
	b := make([]byte, 32)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// Spec is a small spec that runs args in rootfs as root.
func Spec(id, rootfs string, args ...string) *specs.Spec {
	caps := []string{"CAP_KILL", "CAP_SETUID", "CAP_SETGID", "CAP_CHOWN", "CAP_DAC_OVERRIDE"}
	return &specs.Spec{
		Version: specs.Version,
		Root:    &specs.Root{Path: rootfs},
		Process: &specs.Process{
			Args: args, Cwd: "/", Env: []string{"PATH=/bin", "HOME=/root"},
			Capabilities: &specs.LinuxCapabilities{Bounding: caps, Effective: caps, Permitted: caps},
		},
		Hostname: "box",
		Mounts: []specs.Mount{
			{Destination: "/proc", Type: "proc", Source: "proc"},
			{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "mode=755", "size=65536k"}},
			{Destination: "/dev/pts", Type: "devpts", Source: "devpts", Options: []string{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
		},
		Linux: &specs.Linux{
			CgroupsPath: "/pouch/" + id,
			Resources:   &specs.LinuxResources{},
			Namespaces: []specs.LinuxNamespace{
				{Type: specs.PIDNamespace},
				{Type: specs.MountNamespace},
				{Type: specs.IPCNamespace},
				{Type: specs.UTSNamespace},
				{Type: specs.NetworkNamespace},
			},
		},
	}
}

// opts is what Create takes for args; edit may change the spec.
func (f *fixture) opts(t *testing.T, io engine.IO, edit func(*specs.Spec), args ...string) engine.CreateOpts {
	t.Helper()
	return f.optsOf(t, NewID(), io, edit, args...)
}

func (f *fixture) optsOf(t *testing.T, id string, io engine.IO, edit func(*specs.Spec), args ...string) engine.CreateOpts {
	t.Helper()
	bundle := filepath.Join(f.base, "b-"+id[:8])
	if err := os.Mkdir(bundle, 0o700); err != nil {
		t.Fatal(err)
	}
	s := Spec(id, f.rootfs, args...)
	if edit != nil {
		edit(s)
	}
	return engine.CreateOpts{ID: id, Bundle: bundle, Rootfs: f.rootfs, Spec: s, IO: io, StateDir: f.stateDir}
}

// create makes a container that the test's end deletes, and shows that nothing
// of it is left then.
func (f *fixture) create(t *testing.T, o engine.CreateOpts) engine.Container {
	t.Helper()
	c, err := f.engine.Create(t.Context(), o)
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	t.Cleanup(func() {
		if err := c.Delete(context.Background()); err != nil {
			t.Errorf("delete: %v", err)
		}
		f.gone(t, o.ID)
	})
	return c
}

// start makes and starts a container.
func (f *fixture) start(t *testing.T, o engine.CreateOpts) engine.Container {
	t.Helper()
	c := f.create(t, o)
	if err := c.Start(t.Context()); err != nil {
		t.Fatalf("start: %v", err)
	}
	return c
}

// gone shows that no cgroup and no state of id is left.
func (f *fixture) gone(t *testing.T, id string) {
	t.Helper()
	g, err := cgroup.Of("/pouch/" + id)
	if err != nil {
		t.Fatal(err)
	}
	if g.Exists() {
		t.Errorf("a cgroup of %s is left: %v", id, g.Paths())
	}
	left, _ := filepath.Glob(filepath.Join(f.stateDir, "*"+id+"*"))
	hidden, _ := filepath.Glob(filepath.Join(f.stateDir, "."+id+"*"))
	if left = append(left, hidden...); len(left) > 0 {
		t.Errorf("state of %s is left: %v", id, left)
	}
}

// waitFor returns what Wait does, or fails after a generous time.
func waitFor(t *testing.T, p engine.Process) int {
	t.Helper()
	done := make(chan engine.Exit, 1)
	go func() { done <- p.Wait() }()
	select {
	case e := <-done:
		return e.Code
	case <-time.After(2 * time.Minute):
		t.Fatalf("process %d does not end", p.Pid())
		return -1
	}
}

// null is IO of /dev/null.
func null() engine.IO { return engine.IO{} }

// pipe returns a reading and a writing end that the test's end closes.
func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}
