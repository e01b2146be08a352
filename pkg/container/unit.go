package container

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/systemd"
)

// unit is the unit of the service manager that this command was started for.
type unit struct {
	main   bool   // this, or the supervisor after it, is its main process: TERM stops the container
	group  string // the cgroup that the unit was given, which the container's goes below; empty: none
	socket string // NOTIFY_SOCKET; empty: nobody is to be told
	mode   string // of Policy.Sdnotify

	detached bool // this command goes as soon as the container runs
}

// enterUnit looks where this command runs, before its supervisor starts, which
// stays there. A cgroup parent that was asked for, and systemd's own cgroups, go
// before the unit's. A detached container is a part of its unit only when that
// waits for word, or has given its cgroup away: else it outlives the unit, as
// one that is started by hand outlives its session.
func (m *Manager) enterUnit(p record.Policy, h record.Host, detached bool) error {
	u := &m.unit
	u.mode, u.detached = p.Sdnotify, detached
	if u.mode != record.SdnotifyIgnore {
		u.socket = os.Getenv("NOTIFY_SOCKET")
	}
	u.main = u.socket != "" || !detached && systemd.Main()
	if h.CgroupParent != "" || h.SystemdCgroup {
		return nil
	}
	if u.group = systemd.Delegated(); u.group == "" {
		return nil
	}
	u.main = u.main || detached
	slog.Debug("below the unit", "cgroup", u.group)
	return systemd.EnterLeaf(u.group)
}

// parent is the clone flag that makes the service manager the parent of a
// supervisor which becomes the unit's main process: systemd waits for the end of
// its own children alone, and kills a unit whose main process is none at once.
func (u *unit) parent() uintptr {
	if u.main && u.detached && os.Getppid() == 1 {
		return unix.CLONE_PARENT
	}
	return 0
}

// launched is what the supervisor must know of the unit; nil: nothing.
func (u *unit) launched() (*ctl.Unit, error) {
	if !u.main {
		return nil, nil
	}
	every, err := systemd.Watchdog()
	if err != nil {
		return nil, err
	}
	return &ctl.Unit{Socket: u.socket, Watchdog: every, Main: true}, nil
}

// cgroupParent is where the cgroup of container id lies when nobody asked for
// another place: that of this store, or the unit that the container was started
// in.
func (m *Manager) cgroupParent(id string) string {
	if st, err := m.Store.State(id); err == nil && st.CgroupParent != "" {
		return st.CgroupParent
	}
	return m.Store.CgroupParent()
}

// noteUnit writes where this run's cgroup is to be, before it is made. Under the
// container's lock.
func (m *Manager) noteUnit(id string) error {
	st, err := m.Store.State(id)
	if err != nil || st.CgroupParent == m.unit.group {
		return err
	}
	err = m.Store.UpdateState(id, false, func(st *record.State) { st.CgroupParent = m.unit.group })
	if err != nil {
		return fmt.Errorf("write the cgroup of container %s: %w", short(id), err)
	}
	return nil
}

// setFree keeps a detached container from ending with the unit or session that
// started it, when it is not made to be a part of that.
func (m *Manager) setFree(s *supervisor) {
	if m.unit.main || m.unit.group != "" || s.proc == nil || !systemd.Booted() {
		return
	}
	if err := systemd.Free(s.proc.Pid); err != nil {
		slog.Debug("the supervisor stays in this session's cgroup", "error", err)
	}
}

// leaveTo leaves a container that has started to its supervisor.
func (m *Manager) leaveTo(s *supervisor) error {
	m.setFree(s)
	m.unit.handOver(s)
	return s.detach()
}

// outlive waits for the supervisor's last act: when a unit's main process has
// ended, systemd kills what is left of the unit.
func (m *Manager) outlive(id string) error {
	if !m.unit.main && m.unit.group == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), supervisorEnd)
	defer cancel()
	return m.awaitSupervisor(ctx, id, supervisorEnd)
}
