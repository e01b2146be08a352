package container

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// supervisorEnd is how long a supervisor may take to end its container and
// itself once it was told to.
const supervisorEnd = 15 * time.Second

// askAgain is when a supervisor that lives on is told once more to end.
const askAgain = 500 * time.Millisecond

// Destroy ends and removes everything of container id: supervisor, processes,
// cgroup, task, network, snapshot, anonymous volumes when volumes is
// set, files, name. It needs the id alone, and is the rollback of create, rm
// -f, the recovery after a crash and the end of --rm. Idempotent.
func (m *Manager) Destroy(ctx context.Context, id string, volumes bool) error {
	lock, err := m.lockEnded(ctx, id)
	if err != nil {
		return err
	}
	slog.Debug("destroy", "id", short(id), "volumes", volumes)
	c, cerr := m.Store.Container(id)
	m.markRemoving(id)
	if err := m.freeDisk(ctx, id, c, cerr); err != nil {
		lock.Unlock()
		return fmt.Errorf("remove container %s: %w", short(id), err)
	}
	if err = m.releaseAll(ctx, id, true); err != nil {
		lock.Unlock()
		return fmt.Errorf("remove container %s: %w", short(id), err)
	}
	if cerr == nil && (volumes || c.Policy.AutoRemove) {
		err = m.Volume.RemoveAnonymous(ctx, c)
	}
	if err = errors.Join(err, m.Store.RemoveContainer(id)); err != nil {
		lock.Unlock()
		return fmt.Errorf("remove container %s: %w", short(id), err)
	}
	m.dropLocks(id)
	lock.Remove()
	if cerr == nil {
		m.event(c, "destroy", nil)
	}
	return nil
}

// lockEnded ends the supervisor of a container and locks it; one that was
// started again meanwhile ends, too.
func (m *Manager) lockEnded(ctx context.Context, id string) (*fsx.Lock, error) {
	for {
		if err := m.endSupervisor(ctx, id); err != nil {
			return nil, err
		}
		lock, err := m.Store.Lock(ctx, "c", id)
		if err != nil || !m.supervised(id) {
			return lock, err
		}
		lock.Unlock()
	}
}

// markRemoving writes the intent; a container whose record is gone or broken
// needs none, and on a full disk removing goes on without.
func (m *Manager) markRemoving(id string) {
	st, err := m.Store.State(id)
	if err != nil || st.Status == record.Removing {
		return
	}
	st.Status = record.Removing
	if st.Owner, err = proc.Self(); err == nil {
		m.Store.SetStateVolatile(id, st) //nolint:errcheck // as said above
	}
}

// release undoes what a run has made and a stopped container does not need:
// processes, cgroup, task, network. Idempotent.
func (m *Manager) release(ctx context.Context, id string) error { return m.releaseAll(ctx, id, false) }

// releaseAll is release; with forget also of what containerd keeps of a container
// that is to go.
func (m *Manager) releaseAll(ctx context.Context, id string, forget bool) error {
	if err := m.endProcesses(ctx, id); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- m.releaseNetwork(ctx, id) }()
	err := errors.Join(m.releaseEngine(ctx, id, forget), <-done)
	if c, cerr := m.Store.Container(id); cerr == nil {
		err = errors.Join(err, m.Volume.Release(ctx, c), m.releaseLxcfs(ctx, c))
	}
	if err != nil {
		return err
	}
	return m.Store.RemoveRun(id)
}

// endProcesses kills what still runs in the container's cgroup and removes the
// cgroup, by its path, and the engine's note of it.
func (m *Manager) endProcesses(ctx context.Context, id string) error {
	for _, path := range m.cgroupPaths(id) {
		g, err := cgroup.Of(path)
		if err != nil {
			return err
		}
		if g.Exists() {
			if err := errors.Join(g.Kill(ctx), g.Remove(ctx)); err != nil {
				return err
			}
		}
	}
	if err := removeRdtGroup(id); err != nil {
		return err
	}
	return cgroup.Forget(m.Store.RuntimeDir(), id)
}

// removeRdtGroup removes the group of resctrl that a runtime made for container
// id (resctrl.rst: rmdir gives its tasks to the root's). Idempotent.
func removeRdtGroup(id string) error {
	err := unix.Rmdir("/sys/fs/resctrl/" + id)
	if err == nil || errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		return nil
	}
	return fmt.Errorf("remove the RDT group: %w", err)
}

func (m *Manager) releaseNetwork(ctx context.Context, id string) error {
	if err := m.Network.DetachAll(ctx, id); err != nil {
		return err
	}
	return m.Network.RemoveNetns(id)
}

// releaseEngine has containerd give back the task, and with forget all that it
// keeps. The task comes last: containerd forgets it by itself, a little after its
// supervisor has closed the connection.
func (m *Manager) releaseEngine(ctx context.Context, id string, forget bool) error {
	cl, err := m.engine(ctx)
	if err != nil {
		return err
	}
	if forget {
		if err := cl.RemoveContainer(ctx, id); err != nil {
			return err
		}
		for _, key := range m.snapshotKeys(id) {
			if err := cl.RemoveSnapshot(ctx, key); err != nil {
				return err
			}
		}
	}
	return cl.RemoveTask(ctx, id)
}

// cgroupPath is the container's cgroup below each hierarchy's root.
func (m *Manager) cgroupPath(id string) string { return m.cgroupPaths(id)[0] }

// cgroupPaths is where the container's cgroup may be: without a record nobody
// knows whether systemd made it.
func (m *Manager) cgroupPaths(id string) []string {
	parent := m.cgroupParent(id)
	if c, err := m.Store.Container(id); err == nil {
		return []string{spec.CgroupPath(c, parent)}
	}
	scope := &record.Container{ID: id, Host: record.Host{SystemdCgroup: true}}
	return []string{spec.CgroupPath(&record.Container{ID: id}, parent), spec.CgroupPath(scope, m.Store.CgroupParent())}
}

// endSupervisor makes the supervisor kill its container and waits until it is
// gone; one that does not answer is killed.
func (m *Manager) endSupervisor(ctx context.Context, id string) error {
	if !m.supervised(id) {
		return nil
	}
	for end := time.Now().Add(supervisorEnd); time.Now().Before(end); {
		if conn, err := ctl.Dial(m.Store.ControlSocket(id)); err == nil {
			conn.Send(&ctl.Message{Op: ctl.Kill, Signal: int(unix.SIGKILL)}) //nolint:errcheck // it is asked again, then killed
			defer conn.Close()
		}
		// Again and again: one that is only about to make its container has
		// nothing to kill yet.
		err := m.awaitSupervisor(ctx, id, askAgain)
		if !errs.Is(err, errs.Unavailable) {
			return err
		}
	}
	holder, err := m.Store.ReadProc(m.Store.SupervisorLock(id))
	if err != nil {
		return err
	}
	if err := proc.Signal(holder, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("kill the supervisor of container %s (pid %d): %w", short(id), holder.Pid, err)
	}
	return m.awaitSupervisor(ctx, id, supervisorEnd)
}

func (m *Manager) dropLocks(id string) {
	os.Remove(m.Store.SupervisorLock(id))
}
