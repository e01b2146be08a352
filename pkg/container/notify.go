package container

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
	"github.com/pouchcontainer/pouch/pkg/store"
	"github.com/pouchcontainer/pouch/pkg/systemd"
)

const (
	// barrierLimit is how long the service manager may take to read that another
	// process is the main one.
	barrierLimit = 5 * time.Second
	// patience: a pull that makes progress has another half minute, said every five
	// seconds (EXTEND_TIMEOUT_USEC of sd_notify(3)).
	patienceEvery = 5 * time.Second
	patience      = "EXTEND_TIMEOUT_USEC=30000000"
)

// speakable lets a container that asks for it speak to the service manager.
func (u *unit) speakable(sp *specs.Spec, c *record.Container, s *store.Store) error {
	if c.Policy.Sdnotify != record.SdnotifyContainer {
		return nil
	}
	every, err := systemd.Watchdog()
	if err != nil || u.socket == "" {
		every = 0
	}
	spec.Notify(sp, filepath.Dir(s.NotifySocket(c.ID)), 2*every)
	return err
}

// notify tells the service manager; it has no say in the container's life, so
// a failure is nothing more than that.
func (u *unit) notify(text string) {
	if u == nil || u.socket == "" {
		return
	}
	if err := systemd.Notify(text); err != nil {
		slog.Debug("notify", "error", err)
	}
}

// handOver makes the supervisor of a detached container the unit's main
// process, whose words count from now on.
func (u *unit) handOver(s *supervisor) {
	if u.socket == "" {
		return
	}
	u.notify(fmt.Sprintf("MAINPID=%d", s.proc.Pid))
	if err := systemd.Barrier(barrierLimit); err != nil {
		slog.Debug("notify", "error", err)
	}
}

// pulling runs a pull, and asks for patience as long as it makes progress.
func (u *unit) pulling(cmd *exec.Cmd) error {
	if u.socket == "" {
		return cmd.Run()
	}
	cmd.Env = withoutUnit(os.Environ())
	if err := cmd.Start(); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go u.patience(ctx, cmd.Process.Pid)
	return cmd.Wait()
}

func (u *unit) patience(ctx context.Context, pid int) {
	u.notify("STATUS=pulls the image")
	tick := time.NewTicker(patienceEvery)
	defer tick.Stop()
	for last := ""; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			// What it has read and written so far: proc_pid_io(5).
			now, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
			if err == nil && string(now) != last {
				last = string(now)
				u.notify(patience)
			}
		}
	}
}

// withoutUnit is env without what the service manager says to this process
// alone.
func withoutUnit(env []string) []string {
	var out []string
	for _, kv := range env {
		switch name, _, _ := strings.Cut(kv, "="); name {
		case "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "SYSTEMD_EXEC_PID":
		default:
			out = append(out, kv)
		}
	}
	return out
}

// watchdog is this command's sign of life in the foreground, given as long as
// the container's supervisor answers.
func (m *Manager) watchdog(ctx context.Context, id string) {
	every, err := systemd.Watchdog()
	if err != nil || every == 0 || m.unit.socket == "" || m.unit.mode == record.SdnotifyContainer {
		return
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if _, err := m.ask(ctx, id, &ctl.Message{Op: ctl.Ping}, every, ctl.OK); err == nil {
			m.unit.notify("WATCHDOG=1")
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// takes acts on a signal from the service manager instead of passing it on, and
// reports whether it did: TERM stops the container as it wants to be stopped. A
// reload that the manager asks for by HUP (Type=notify-reload) is answered here,
// and the signal goes on.
func (u *unit) takes(conn *ctl.Conn, sig syscall.Signal, c *record.Container) bool {
	if u == nil || !u.main || c == nil {
		return false
	}
	switch sig {
	case unix.SIGTERM:
		_, timeout, err := stopPlan(c, StopOpts{})
		if err != nil {
			return false
		}
		return conn.Send(&ctl.Message{Op: ctl.Stop, Timeout: timeout}) == nil
	case unix.SIGHUP:
		if u.mode == "" || u.mode == record.SdnotifyEngine {
			u.notify(reloading())
			u.notify("READY=1")
		}
	}
	return false
}

func reloading() string {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return "RELOADING=1"
	}
	return fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d", now.Nano()/1000)
}
