package container

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/ctrd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/libexec"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// lockFD is the descriptor under which the supervisor inherits its lock.
const lockFD = 6

// supervisor is a supervisor that this command starts.
type supervisor struct {
	conn   *ctl.Conn
	stream *os.File // its terminal, when it came
	relay  *relay   // of what goes to the caller's terminal

	lock    *fsx.Lock
	in      *inherited
	proc    *os.Process  // nil: it was not started
	spawned func() error // waits until it is started
}

// newSupervisor starts the supervisor of container id, whose record may come
// later. Its sockets listen before it runs, so nobody who dials them comes too
// early; spawned tells whether it does run. It fails with kind conflict when the
// container has one already.
func (m *Manager) newSupervisor(id, containerd string) (*supervisor, error) {
	lock, err := m.supervisorLock(id)
	if err != nil {
		return nil, err
	}
	s := &supervisor{lock: lock}
	if s.in, err = m.sockets(id); err == nil {
		s.conn, err = ctl.FromFile(s.in.ours)
	}
	if err != nil {
		s.letGo()
		return nil, err
	}
	done := make(chan error, 1)
	go func() { done <- m.spawn(s, id, containerd) }()
	s.spawned = sync.OnceValue(func() error { return <-done })
	return s, nil
}

// spawn starts the program and lets go of what it inherits.
func (m *Manager) spawn(s *supervisor, id, containerd string) error {
	defer s.letGo()
	path, err := libexec.Find("pouch-shim")
	if err != nil {
		return err
	}
	argv := []string{path, "--root", m.Store.Root, "--run-root", m.Store.RunRoot, "--id", id, "--containerd", containerd, "--namespace", ctrd.Namespace}
	if m.address != "" {
		argv = append(argv, "--address", m.address)
	}
	s.proc, err = os.StartProcess(path, argv, &os.ProcAttr{
		Dir:   "/",
		Env:   append(pluginDirs(), "GOMAXPROCS=1", "PATH="+hostPath, "TTRPC_ADDRESS="+containerd+".ttrpc", "GRPC_ADDRESS="+containerd),
		Files: []*os.File{s.in.null, s.in.null, s.in.log, s.in.theirs, s.in.ctl, s.in.task, s.lock.File()},
		Sys:   &syscall.SysProcAttr{Setsid: true, Cloneflags: unix.CLONE_NEWNS | m.unit.parent()},
	})
	if err != nil {
		return fmt.Errorf("start %s: %w", path, err)
	}
	slog.Debug("supervisor started", "id", short(id), "pid", s.proc.Pid)
	return sign(s.lock, s.proc.Pid)
}

// pluginDirs is where plugins are looked for, which the supervisor's last act
// must find again.
func pluginDirs() []string {
	var out []string
	for _, name := range []string{"POUCH_PLUGIN_DIRS", "POUCH_CSI_DIRS"} {
		if v := os.Getenv(name); v != "" {
			out = append(out, name+"="+v)
		}
	}
	return out
}

// letGo closes this command's own copies of what the supervisor inherits.
func (s *supervisor) letGo() {
	if s.in != nil {
		s.in.close()
	}
	s.lock.Unlock()
}

// sign writes into the lock file who holds it.
func sign(lock *fsx.Lock, pid int) error {
	p, err := proc.Of(pid)
	if err != nil {
		return err
	}
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := lock.File().Truncate(0); err != nil {
		return err
	}
	_, err = lock.File().WriteAt(data, 0)
	return err
}

// abandon ends the supervisor of a start that failed: it cleans up what it has
// made and goes.
func (s *supervisor) abandon() {
	err := s.spawned()
	s.conn.Close()
	if err == nil {
		s.proc.Wait() //nolint:errcheck // how it ended says nothing more
	}
}

const hostPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// inherited is what a supervisor gets at its start, and ours, this command's end of the
// connection.
type inherited struct {
	null, log, ours, theirs, ctl, task *os.File
}

// close closes all but ours. Idempotent.
func (in *inherited) close() {
	for _, f := range []*os.File{in.null, in.log, in.theirs, in.ctl, in.task} {
		if f != nil {
			f.Close()
		}
	}
}

// sockets opens what the supervisor of container id gets; on error nothing is open.
func (m *Manager) sockets(id string) (*inherited, error) {
	in := &inherited{}
	if err := in.open(m.Store, id); err != nil {
		in.close()
		in.ours.Close() // or nil
		return nil, err
	}
	return in, nil
}

func (in *inherited) open(s *store.Store, id string) (err error) {
	if err := os.MkdirAll(s.RunDir(id), 0o700); err != nil {
		return err
	}
	if in.null, err = os.OpenFile(os.DevNull, os.O_RDWR, 0); err != nil {
		return err
	}
	if in.log, err = s.OpenSupervisorLog(id); err != nil {
		return err
	}
	if in.ours, in.theirs, err = ctl.Pair(); err != nil {
		return err
	}
	if in.ctl, err = listenFile(s.ControlSocket(id), ctl.Listen); err != nil {
		return err
	}
	in.task, err = listenFile(s.TaskSocket(id), listenStream)
	return err
}

func listenStream(path string) (*net.UnixListener, error) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	return l, os.Chmod(path, 0o600)
}

// listenFile makes the socket at path anew: the caller holds the supervisor
// lock, so one that is there is a dead supervisor's.
func listenFile(path string, listen func(string) (*net.UnixListener, error)) (*os.File, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	l, err := listen(path)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	return l.File()
}

const (
	// handover is how long somebody may have the supervisor lock who is about to let
	// it go; a supervisor has it for life.
	handover = 50 * time.Millisecond
	// lookers is how often a start finds commands there that only look whether somebody
	// has it, each for a moment, before it gives up. It tries each millisecond; on a host
	// that stands still for long, they need not have had the time to go.
	lookers = 10000
)

// supervisorLock takes the supervisor lock of id. It fails with kind conflict when
// somebody has it.
func (m *Manager) supervisorLock(id string) (*fsx.Lock, error) {
	path := m.Store.SupervisorLock(id)
	var held time.Time // since when the one who has it is no looker
	for tries := 1; ; tries++ {
		l, err := fsx.TryLock(path)
		if !errors.Is(err, fsx.ErrLocked) {
			return l, err
		}
		switch {
		case !fsx.Held(path):
			held = time.Time{}
		case held.IsZero():
			held = time.Now()
		case time.Since(held) > handover:
			return nil, errs.New(errs.Conflict, "container %s is running", short(id))
		}
		if tries >= lookers {
			return nil, errs.New(errs.Conflict, "container %s is running", short(id))
		}
		time.Sleep(time.Millisecond)
	}
}

// supervised reports whether a supervisor of id, its last cleaning included, is
// alive.
func (m *Manager) supervised(id string) bool {
	if inheritedLock(m.Store.SupervisorLock(id)) {
		return false // it is this process
	}
	return fsx.Held(m.Store.SupervisorLock(id))
}

// awaitSupervisor waits until id has no supervisor any more.
func (m *Manager) awaitSupervisor(ctx context.Context, id string, limit time.Duration) error {
	until := time.Now().Add(limit)
	for pause := time.Millisecond; m.supervised(id); pause = min(2*pause, 20*time.Millisecond) {
		if time.Now().After(until) {
			return errs.New(errs.Unavailable, "the supervisor of container %s does not end", short(id))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
	return nil
}

// inheritedLock reports whether this process holds the lock at path by
// inheritance: it is the supervisor, at its last act. What it starts must not hold
// the lock in its place.
func inheritedLock(path string) bool {
	var a, b unix.Stat_t
	if unix.Fstat(lockFD, &a) != nil || unix.Lstat(path, &b) != nil {
		return false
	}
	if a.Dev != b.Dev || a.Ino != b.Ino || !filepath.IsAbs(path) {
		return false
	}
	unix.CloseOnExec(lockFD)
	return true
}

// short is the form of an id for people.
func short(id string) string {
	if len(id) > 12 {
		return id[:12]
	}
	return id
}
