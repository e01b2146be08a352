package supervisor

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	taskapi "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/types"
	"github.com/containerd/ttrpc"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// lastAct stands for container.Last: it notes for whom it was called, and whether
// the lock is still held.
func lastAct(_ context.Context, s *store.Store, _, id string) error {
	held := "lost"
	var a, b unix.Stat_t
	if unix.Fstat(fdLock, &a) == nil && unix.Stat(s.SupervisorLock(id), &b) == nil && a.Ino == b.Ino {
		if _, err := fsx.TryLock(s.SupervisorLock(id)); err != nil {
			held = "held"
		}
	}
	done := filepath.Join(s.RunRoot, "settled")
	return fsx.WriteVolatile(done, []byte(s.Root+" "+id+" lock="+held), 0o600)
}

// pouch is a supervisor as pouch-run starts it.
type pouch struct {
	t     *testing.T
	store *store.Store
	id    string
	dir   string
	conn  *ctl.Conn
	task  taskapi.TTRPCTaskService
	proc  *os.Process
	tty   bool
	args  []string
}

// newPouch makes a record, as change has it, and starts its supervisor.
func newPouch(t *testing.T, change func(*record.Container), args ...string) *pouch {
	t.Helper()
	return newPouchOf(t, filepath.Join(needRoot(t), "pouch-shim"), change, args...)
}

// newPouchOf is newPouch with another copy of the program.
func newPouchOf(t *testing.T, program string, change func(*record.Container), args ...string) *pouch {
	t.Helper()
	dir := tempDir(t)
	st, err := store.Open(dir+"/r", dir+"/q")
	must(t, err)
	p := &pouch{t: t, store: st, dir: dir, id: fmt.Sprintf("%064x", time.Now().UnixNano()), args: args}
	rec := &record.Container{ID: p.id, Name: "test", Process: record.Process{Cwd: "/"}}
	rec.Process.Env = []string{"PATH=/bin"}
	if change != nil {
		change(rec)
	}
	p.tty = rec.Process.TTY
	must(t, st.CreateContainer(rec, &record.State{Status: record.Creating}))
	p.spawn(program)
	t.Cleanup(func() {
		p.conn.Close()
		p.proc.Kill()
		p.proc.Wait()
		if _, err := os.Stat(filepath.Join(p.store.RuntimeDir(), p.id)); err == nil {
			must(t, destroy(dir+"/b", p.id))
		}
	})
	return p
}

func (p *pouch) spawn(program string) {
	t := p.t
	must(t, os.MkdirAll(p.store.RunDir(p.id), 0o700))
	lock, err := fsx.TryLock(p.store.SupervisorLock(p.id))
	must(t, err)
	defer lock.Unlock()
	ours, theirs, err := ctl.Pair()
	must(t, err)
	defer theirs.Close()
	c, err := ctl.Listen(p.store.ControlSocket(p.id))
	must(t, err)
	defer c.Close()
	cf, err := c.File()
	must(t, err)
	defer cf.Close()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: p.store.TaskSocket(p.id)})
	must(t, err)
	l.SetUnlinkOnClose(false)
	defer l.Close()
	lf, err := l.File()
	must(t, err)
	defer lf.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	must(t, err)
	defer null.Close()
	argv := []string{program, "--root", p.store.Root, "--run-root", p.store.RunRoot, "--id", p.id, "--containerd", p.dir + "/none", "--namespace", "test"}
	p.proc, err = os.StartProcess(program, argv, &os.ProcAttr{
		Dir: "/", Env: []string{"PATH=/bin"},
		Files: []*os.File{null, null, os.Stderr, theirs, cf, lf, lock.File()},
		Sys:   &syscall.SysProcAttr{Setsid: true, Cloneflags: unix.CLONE_NEWNS},
	})
	must(t, err)
	p.conn, err = ctl.FromFile(ours)
	must(t, err)
	conn, err := net.Dial("unix", p.store.TaskSocket(p.id))
	must(t, err)
	client := ttrpc.NewClient(conn)
	t.Cleanup(func() { client.Close() })
	p.task = taskapi.NewTTRPCTaskClient(client)
}

func (p *pouch) launch(m *ctl.Message, files ...*os.File) {
	p.t.Helper()
	m.Op = ctl.Launch
	must(p.t, p.conn.Send(m, files...))
}

// create makes the container on an overlay of the tests' root.
func (p *pouch) create() error {
	p.t.Helper()
	bin, err := binaries()
	must(p.t, err)
	bundle := filepath.Join(p.dir, "b")
	for _, d := range []string{"b/rootfs", "up", "wk"} {
		must(p.t, os.MkdirAll(filepath.Join(p.dir, d), 0o711))
	}
	spec := newSpec(p.id, "rootfs", p.args...)
	spec.Process.Terminal = p.tty
	data, err := json.Marshal(spec)
	must(p.t, err)
	must(p.t, os.WriteFile(bundle+"/config.json", data, 0o600))
	return second(p.task.Create(bg, &taskapi.CreateTaskRequest{
		ID: p.id, Bundle: bundle, Terminal: p.tty,
		Rootfs: []*types.Mount{{Type: "overlay", Source: "overlay", Options: []string{
			"lowerdir=" + bin + "/root", "upperdir=" + p.dir + "/up", "workdir=" + p.dir + "/wk",
		}}},
	}))
}

func (p *pouch) start() {
	p.t.Helper()
	must(p.t, p.create())
	must(p.t, second(p.task.Start(bg, &taskapi.StartRequest{ID: p.id})))
}

// recv takes messages until one of op comes.
func (p *pouch) recv(conn *ctl.Conn, op ctl.Op) (*ctl.Message, []*os.File) {
	p.t.Helper()
	conn.SetDeadline(time.Now().Add(time.Minute))
	for {
		m, files, err := conn.Recv()
		if err != nil {
			p.t.Fatalf("waiting for %s: %v", op, err)
		}
		if m.Op == op {
			return m, files
		}
		closeAll(files)
		if m.Op == ctl.Error {
			p.t.Fatalf("waiting for %s: error %s: %s", op, m.Kind, m.Message)
		}
	}
}

func (p *pouch) dial() *ctl.Conn {
	p.t.Helper()
	c, err := ctl.Dial(p.store.ControlSocket(p.id))
	must(p.t, err)
	p.t.Cleanup(func() { c.Close() })
	return c
}

func (p *pouch) state() *record.State {
	p.t.Helper()
	st, err := p.store.State(p.id)
	must(p.t, err)
	return st
}

// ended waits for the end of the program and checks that it became gc, with the
// lock, and that nothing is left.
func (p *pouch) ended() {
	p.t.Helper()
	done := make(chan struct{})
	go func() { p.proc.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		p.t.Fatal("the supervisor does not end")
	}
	b, err := os.ReadFile(filepath.Join(p.store.RunRoot, "settled"))
	if want := p.store.Root + " " + p.id + " lock=held"; string(b) != want {
		p.t.Errorf("the last act: %q %v, want %q", b, err, want)
	}
	if left := cgroups(p.id); left != nil {
		p.t.Errorf("cgroups are left: %v", left)
	}
	if m, _ := os.ReadFile("/proc/self/mountinfo"); strings.Contains(string(m), p.dir) {
		p.t.Error("a mount is left")
	}
	if _, err := os.Stat(filepath.Join(p.store.RuntimeDir(), p.id)); err == nil {
		p.t.Error("the runtime's state is left")
	}
}

// runDetached launches and starts the container with nobody waiting.
func (p *pouch) runDetached() {
	p.t.Helper()
	p.launch(&ctl.Message{Stdio: ctl.Null, Detached: true})
	p.start()
}

// execCode runs args in the container and returns the exit code.
func (p *pouch) execCode(args ...string) int {
	p.t.Helper()
	c := p.dial()
	defer c.Close()
	must(p.t, c.Send(&ctl.Message{Op: ctl.Exec, Stdio: ctl.Null, Exec: &ctl.ExecProcess{Args: args}}))
	m, _ := p.recv(c, ctl.Exited)
	return m.ExitCode
}
