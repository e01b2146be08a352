// Package engine starts and stops Pouch's private containerd: the one that was
// built with this Pouch, with a root, state, socket and configuration of its
// own below the state directories.
package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/libexec"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
	"github.com/pouchcontainer/pouch/pkg/systemd"
)

// StartTimeout bounds how long a private containerd may take to listen.
const StartTimeout = 20 * time.Second

// Socket is the address of the private containerd.
func Socket(s *store.Store) string {
	return filepath.Join(s.RunRoot, "containerd", "containerd.sock")
}

// Address returns the containerd to talk to: address when it is not empty, else
// the private one, started if nobody listens. Idempotent; of many commands at
// once one starts it and the others wait. It fails with kind unavailable.
func Address(ctx context.Context, s *store.Store, address string) (string, error) {
	if address != "" {
		return strings.TrimPrefix(address, "unix://"), nil
	}
	sock := Socket(s)
	if listening(sock) {
		return sock, nil
	}
	if viaUnit(ctx, s) {
		return sock, nil
	}
	if err := start(ctx, s); err != nil {
		return "", err
	}
	return sock, nil
}

// Blobs is the folder of the private containerd's content store
// (plugins/content/local of containerd).
func Blobs(s *store.Store) string {
	return filepath.Join(s.Root, "engine", "io.containerd.content.v1.content", "blobs")
}

// Running reports whether the private containerd listens.
func Running(s *store.Store) bool { return listening(Socket(s)) }

// Status returns the private containerd's process; the error has kind not_found
// when none runs.
func Status(s *store.Store) (record.Proc, error) {
	if p, err := readPid(s); err == nil && proc.Alive(p) {
		return p, nil
	}
	p, err := peer(Socket(s))
	if err != nil {
		p, err = search(configPath(s))
	}
	if err != nil {
		return record.Proc{}, errs.New(errs.NotFound, "no private containerd runs for %s", s.RunRoot)
	}
	return p, nil
}

// Stop ends the private containerd and waits for that. Containers keep running:
// their supervisors are no children of it. Idempotent.
func Stop(ctx context.Context, s *store.Store) error {
	l, err := s.Lock(ctx, "engine", "")
	if err != nil {
		return err
	}
	defer l.Unlock()
	p, err := Status(s)
	if err != nil {
		return nil
	}
	if err := end(ctx, p); err != nil {
		return fmt.Errorf("stop containerd (pid %d): %w", p.Pid, err)
	}
	for _, f := range []string{pidFile(s), Socket(s), Socket(s) + ".ttrpc"} {
		if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// end asks the process to stop, waits for it, and kills it after ten seconds.
func end(ctx context.Context, p record.Proc) error {
	fd, err := unix.PidfdOpen(p.Pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if !proc.Alive(p) {
		return nil
	}
	for _, step := range []struct {
		sig  unix.Signal
		wait time.Duration
	}{{unix.SIGTERM, 10 * time.Second}, {unix.SIGKILL, 5 * time.Second}} {
		if err := unix.PidfdSendSignal(fd, step.sig, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
		if ended(ctx, fd, step.wait) {
			return nil
		}
	}
	return errs.New(errs.Unavailable, "it does not end")
}

func ended(ctx context.Context, pidfd int, wait time.Duration) bool {
	for until := time.Now().Add(wait); time.Now().Before(until) && ctx.Err() == nil; {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, 100)
		if n > 0 && err == nil {
			return true
		}
	}
	return false
}

func listening(sock string) bool {
	c, err := net.Dial("unix", sock) //nolint:noctx // it answers at once
	if err == nil {
		c.Close()
	}
	return err == nil
}

func pidFile(s *store.Store) string { return filepath.Join(s.RunRoot, "containerd", "pid.json") }

func readPid(s *store.Store) (record.Proc, error) {
	return s.ReadProc(pidFile(s))
}

func start(ctx context.Context, s *store.Store) error {
	l, err := s.Lock(ctx, "engine", "")
	if err != nil {
		return err
	}
	defer l.Unlock()
	if listening(Socket(s)) {
		return nil
	}
	if p, err := Status(s); err == nil {
		if comesUp(ctx, s, p) {
			return nil
		}
		if err := end(ctx, p); err != nil { // it lives and does not listen
			return fmt.Errorf("restart containerd (pid %d): %w", p.Pid, err)
		}
	}
	path, err := libexec.Find("containerd")
	if err != nil {
		return err
	}
	conf, err := writeConfig(s)
	if err != nil {
		return fmt.Errorf("start containerd: %w", err)
	}
	slog.Debug("start containerd", "program", path, "config", conf)
	return spawn(ctx, s, path, conf)
}

// comesUp waits for a containerd that lives and does not listen yet, as long as
// one may take from its start on, and reports whether it does.
func comesUp(ctx context.Context, s *store.Store, p record.Proc) bool {
	i, err := proc.Stat(p.Pid)
	if err != nil {
		return false
	}
	for end := i.Started.Add(StartTimeout); !listening(Socket(s)); time.Sleep(2 * time.Millisecond) {
		if ctx.Err() != nil || !proc.Alive(p) || time.Now().After(end) {
			return false
		}
	}
	return true
}

// usualMask is the umask of services.
const usualMask = 0o022

func spawn(ctx context.Context, s *store.Store, path, conf string) error {
	logPath := filepath.Join(s.RunRoot, "containerd", "containerd.log")
	log, err := fsx.OpenOwn(logPath, os.O_TRUNC|os.O_APPEND)
	if err != nil {
		return err
	}
	defer log.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer null.Close()
	// The roots of images are for all users of a container, whatever the caller of the
	// moment keeps from others.
	mask := unix.Umask(usualMask)
	p, err := os.StartProcess(path, []string{path, "--config", conf}, &os.ProcAttr{
		Dir:   "/",
		Env:   environment(path),
		Files: []*os.File{null, log, log},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	unix.Umask(mask)
	if err != nil {
		return fmt.Errorf("start %s: %w", path, err)
	}
	if systemd.Booted() { // it serves others, too, when the unit that needed it first has ended
		if err := systemd.Free(p.Pid); err != nil {
			slog.Debug("containerd stays in this session's cgroup", "error", err)
		}
	}
	if me, err := proc.Of(p.Pid); err == nil {
		if err := fsx.WriteJSONVolatile(pidFile(s), me, 0o600); err != nil {
			p.Kill()
			return err
		}
	}
	err = await(ctx, s, p, logPath)
	if err == nil {
		proc.CalmMonitorOf(p.Pid)
	}
	return err
}

const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

func await(ctx context.Context, s *store.Store, p *os.Process, logPath string) error {
	died := make(chan struct{})
	go func() {
		p.Wait() //nolint:errcheck // how it ended stands in its log
		close(died)
	}()
	deadline := time.NewTimer(StartTimeout)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if listening(Socket(s)) {
				return nil
			}
		case <-died:
			return errs.New(errs.Unavailable, "containerd ended at its start: %s (all of it in %s)", lastLine(logPath), logPath)
		case <-deadline.C:
			p.Kill()
			return errs.New(errs.Unavailable, "containerd does not listen after %v: see %s", StartTimeout, logPath)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func lastLine(path string) string {
	b, err := fsx.ReadAtMost(path, 16<<20)
	if err != nil {
		return "no log"
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return lines[len(lines)-1]
}
