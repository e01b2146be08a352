package supervisor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	bootapi "github.com/containerd/containerd/api/runtime/bootstrap/v1"
	taskapi "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/ttrpc"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/proto"

	_ "github.com/pouchcontainer/pouch/pkg/shim/libct/reexec"
	"github.com/pouchcontainer/pouch/pkg/shim/starter"
)

// The test binary is also the programs that are tested, by its name.
func init() { runtime.LockOSThread() }

func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "pouch-shim":
		os.Exit(Main(os.Args, lastAct))
	case "containerd-shim-pouch-v2":
		os.Exit(starter.Main(os.Args))
	}
	code := m.Run()
	if dir, err := binaries(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// binaries is the folder of the programs: links to this test.
var binaries = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("/tmp", "p")
	if err != nil {
		return "", err
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	for _, name := range []string{"pouch-shim", "containerd-shim-pouch-v2"} {
		if err := copyFile(self, filepath.Join(dir, name)); err != nil {
			return "", err
		}
	}
	return dir, makeRoot(filepath.Join(dir, "root"))
})

func copyFile(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o755)
}

// makeRoot makes a root filesystem of Debian's busybox-static.
func makeRoot(dir string) error {
	for _, d := range []string{"bin", "proc", "sys", "dev", "etc", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return err
		}
	}
	b, err := os.ReadFile("/bin/busybox")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "bin/busybox"), b, 0o755); err != nil {
		return err
	}
	for _, a := range []string{"sh", "cat", "sleep", "true", "echo", "tty", "stty", "id", "kill", "seq", "yes", "env", "head", "ps", "dd"} {
		if err := os.Symlink("busybox", filepath.Join(dir, "bin", a)); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "etc/passwd"), []byte("root:x:0:0::/root:/bin/sh\nweb:x:33:33::/srv:/bin/sh\n"), 0o644)
}

func needRoot(t *testing.T) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	if _, err := os.Stat("/bin/busybox"); err != nil {
		t.Skip("needs Debian's busybox-static")
	}
	dir, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// tempDir is short: sockets go there.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "p")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func newSpec(id, root string, args ...string) *specs.Spec {
	caps := []string{"CAP_KILL", "CAP_CHOWN", "CAP_SETUID", "CAP_SETGID"}
	return &specs.Spec{
		Version: "1.2.0", Root: &specs.Root{Path: root}, Hostname: "test",
		Process: &specs.Process{
			Args: args, Cwd: "/", Env: []string{"PATH=/bin"},
			Capabilities: &specs.LinuxCapabilities{Bounding: caps, Effective: caps, Permitted: caps},
		},
		Mounts: []specs.Mount{
			{Destination: "/proc", Type: "proc", Source: "proc"},
			{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "mode=755"}},
			{Destination: "/dev/pts", Type: "devpts", Source: "devpts", Options: []string{"newinstance", "ptmxmode=0666", "mode=0620"}},
		},
		Linux: &specs.Linux{
			CgroupsPath: "/pouch/" + id,
			Namespaces:  []specs.LinuxNamespace{{Type: "pid"}, {Type: "mount"}, {Type: "ipc"}, {Type: "uts"}},
		},
	}
}

// shim is a supervisor that containerd-shim-pouch-v2 started.
type shim struct {
	t       *testing.T
	dir     string // socket_dir, events socket
	bin     string
	address string
	pid     int
	task    taskapi.TTRPCTaskService
	events  *forwarded
}

func (s *shim) bundle(id string) string { return filepath.Join(s.dir, "b", id) }

// writeBundle makes a bundle as containerd does.
func (s *shim) writeBundle(id string, spec *specs.Spec) {
	s.t.Helper()
	data, err := json.Marshal(spec)
	must(s.t, err)
	must(s.t, os.MkdirAll(filepath.Join(s.bundle(id), "rootfs"), 0o711))
	must(s.t, os.WriteFile(filepath.Join(s.bundle(id), "config.json"), data, 0o600))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newShim starts a supervisor for container id, whose bundle is written first.
func newShim(t *testing.T, id string, args ...string) *shim {
	t.Helper()
	bin := needRoot(t)
	s := &shim{t: t, dir: tempDir(t), bin: bin}
	s.events = serveEvents(t, filepath.Join(s.dir, "ev"))
	s.writeBundle(id, newSpec(id, filepath.Join(bin, "root"), args...))
	s.address = s.start(id)
	conn, err := net.Dial("unix", strings.TrimPrefix(s.address, "unix://"))
	must(t, err)
	client := ttrpc.NewClient(conn)
	t.Cleanup(func() { client.Close() })
	s.task = taskapi.NewTTRPCTaskClient(client)
	r, err := s.task.Connect(context.Background(), &taskapi.ConnectRequest{ID: id})
	must(t, err)
	s.pid = int(r.ShimPid)
	t.Cleanup(func() {
		unix.Kill(s.pid, unix.SIGKILL)
		entries, _ := os.ReadDir(filepath.Join(s.dir, "b"))
		for _, e := range entries {
			s.delete(e.Name(), nil)
		}
	})
	return s
}

// start runs the program as containerd 2.3 and later do, and returns the address.
func (s *shim) start(id string) string {
	s.t.Helper()
	sockets := filepath.Join(s.dir, "s")
	in, err := proto.Marshal(&bootapi.BootstrapParams{
		InstanceID: id, Namespace: "test", ContainerdGrpcAddress: filepath.Join(s.dir, "grpc"),
		ContainerdTtrpcAddress: filepath.Join(s.dir, "ev"), SocketDir: &sockets,
	})
	must(s.t, err)
	cmd := s.command(id, "start")
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("start: %v: %s", err, stderrOf(err))
	}
	r := &bootapi.BootstrapResult{}
	must(s.t, proto.Unmarshal(out, r))
	return r.Address
}

func (s *shim) command(id, action string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, "containerd-shim-pouch-v2"),
		"-namespace", "test", "-address", filepath.Join(s.dir, "grpc"), "-publish-binary", "/none", "-id", id, "-bundle", s.bundle(id), action)
	cmd.Dir = s.bundle(id)
	return cmd
}

// delete runs the program's delete with an environment.
func (s *shim) delete(id string, env []string) *taskapi.DeleteResponse {
	s.t.Helper()
	cmd := s.command(id, "delete")
	cmd.Env = append([]string{"X=1"}, env...)
	out, err := cmd.Output()
	if err != nil {
		s.t.Errorf("delete %s: %v: %s", id, err, stderrOf(err))
		return nil
	}
	r := &taskapi.DeleteResponse{}
	must(s.t, proto.Unmarshal(out, r))
	return r
}

func stderrOf(err error) string {
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(e.Stderr)
	}
	return ""
}

func (s *shim) create(id string) uint32 {
	s.t.Helper()
	r, err := s.task.Create(context.Background(), &taskapi.CreateTaskRequest{ID: id, Bundle: s.bundle(id)})
	must(s.t, err)
	return r.Pid
}

func (s *shim) run(id string) uint32 {
	s.t.Helper()
	pid := s.create(id)
	_, err := s.task.Start(context.Background(), &taskapi.StartRequest{ID: id})
	must(s.t, err)
	return pid
}

func (s *shim) wait(id, execID string) int {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r, err := s.task.Wait(ctx, &taskapi.WaitRequest{ID: id, ExecID: execID})
	must(s.t, err)
	return int(r.ExitStatus)
}

// exec runs args in the container and returns when it has started.
func (s *shim) exec(id, execID string, args ...string) error {
	req := &taskapi.ExecProcessRequest{ID: id, ExecID: execID}
	return s.execReq(req, args...)
}

func (s *shim) execReq(req *taskapi.ExecProcessRequest, args ...string) error {
	p := newSpec(req.ID, "", args...).Process
	data, err := json.Marshal(p)
	must(s.t, err)
	req.Spec = anyOf(data)
	ctx := context.Background()
	if _, err := s.task.Exec(ctx, req); err != nil {
		return err
	}
	_, err = s.task.Start(ctx, &taskapi.StartRequest{ID: req.ID, ExecID: req.ExecID})
	return err
}

func (s *shim) kill(id string, sig syscall.Signal) {
	s.t.Helper()
	_, err := s.task.Kill(context.Background(), &taskapi.KillRequest{ID: id, Signal: uint32(sig)})
	must(s.t, err)
}

// gone waits until a process is no more, or a zombie that init has yet to reap.
func gone(t *testing.T, pid int) {
	t.Helper()
	eventually(t, fmt.Sprintf("process %d ends", pid), func() bool {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err != nil || strings.Contains(string(b), ") Z ")
	})
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for until := time.Now().Add(time.Minute); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("it does not come that %s", what)
		}
	}
}

// cgroups lists what is left of container id in any hierarchy.
func cgroups(id string) []string {
	v1, _ := filepath.Glob("/sys/fs/cgroup/*/pouch/" + id)
	v2, _ := filepath.Glob("/sys/fs/cgroup/pouch/" + id)
	return append(v1, v2...)
}
