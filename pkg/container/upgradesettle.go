package container

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// settleUpgrade ends what a command that died has left of an upgrade of
// container id: one that had proved itself is finished, another is taken back.
// It fails with kind conflict when the command lives. Idempotent.
func (m *Manager) settleUpgrade(ctx context.Context, id string) error {
	u, err := m.Store.Upgrade(id)
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil {
		return damaged(id, err)
	}
	if m.upgrading(u) {
		return errs.New(errs.Conflict, "container %s is being upgraded by another command (pid %d)", u.Old.Name, u.Owner.Pid)
	}
	if u, err = m.takeUpgrade(ctx, id); u == nil || err != nil {
		return err
	}
	if u.Step == record.UpgradeDone {
		return m.finishUpgrade(ctx, u)
	}
	return m.undoUpgrade(ctx, u)
}

// upgrading reports whether the command that upgrades a container still does, and
// is another one.
func (m *Manager) upgrading(u *record.Upgrade) bool {
	return m.owned(&record.State{Owner: u.Owner, BootID: u.BootID})
}

// cutShort reports whether container id has an upgrade whose command died.
func (m *Manager) cutShort(id string) bool {
	u, err := m.Store.Upgrade(id)
	me, perr := proc.Self()
	return err == nil && perr == nil && u.Owner != me && !m.upgrading(u)
}

// takeUpgrade makes a dead command's upgrade this one's; nil when it is gone.
func (m *Manager) takeUpgrade(ctx context.Context, id string) (*record.Upgrade, error) {
	lock, err := m.Store.Lock(ctx, "c", id)
	if err != nil {
		return nil, err
	}
	defer m.drop(lock, id)
	u, err := m.Store.Upgrade(id)
	if errs.Is(err, errs.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if m.upgrading(u) {
		return nil, errs.New(errs.Conflict, "container %s is being upgraded by another command (pid %d)", u.Old.Name, u.Owner.Pid)
	}
	if u.Owner, err = proc.Self(); err != nil {
		return nil, err
	}
	u.BootID = m.bootID()
	return u, m.Store.SetUpgrade(u)
}

// finishUpgrade makes the new container the only one. Idempotent.
func (m *Manager) finishUpgrade(ctx context.Context, u *record.Upgrade) error {
	id := u.Old.ID
	lock, err := m.Store.Lock(ctx, "c", id)
	if err != nil {
		return err
	}
	defer m.drop(lock, id)
	if u.Step != record.UpgradeDone {
		if err := m.advance(u, record.UpgradeDone); err != nil {
			return err
		}
	}
	c, err := m.Store.Container(id)
	if err != nil {
		return err
	}
	if c.SnapshotKey() != u.New.SnapshotKey() { // it did not run, so nothing was tried
		u.New.Name = c.Name
		if err := m.Store.SetContainer(&u.New); err != nil {
			return err
		}
		if err := m.provide(ctx, &u.New); err != nil {
			return err
		}
	}
	if err := m.dropSnapshot(ctx, &u.Old, u.New.Projects); err != nil {
		return err
	}
	if err := m.Store.RemoveUpgrade(id); err != nil {
		return err
	}
	m.event(&u.New, "upgrade", nil)
	return nil
}

// dropSnapshot removes the writable layer of c, and the limits of its projects but
// those kept.
func (m *Manager) dropSnapshot(ctx context.Context, c *record.Container, kept []record.Project) error {
	cl, err := m.engine(ctx)
	if err != nil {
		return err
	}
	if err := m.freeProjects(ctx, c, kept); err != nil {
		return err
	}
	return cl.RemoveSnapshot(ctx, c.SnapshotKey())
}

// undoUpgrade puts the old container back as it was: it runs again if it ran.
// Idempotent.
func (m *Manager) undoUpgrade(ctx context.Context, u *record.Upgrade) error {
	id := u.Old.ID
	c, err := m.Store.Container(id)
	if errs.Is(err, errs.NotFound) { // removed meanwhile, maybe before the new root was made
		return errors.Join(err, m.dropSnapshot(ctx, &u.New, nil))
	}
	if err != nil {
		return err
	}
	switch {
	case c.SnapshotKey() == u.New.SnapshotKey():
		err = m.putBack(ctx, u)
	case u.Step == record.UpgradeTrial: // a stop may be under way whose command died
		err = m.stopForUpgrade(ctx, u)
	}
	if err != nil {
		return err
	}
	if u.Step == record.UpgradeTrial {
		if err := m.advance(u, record.UpgradeBack); err != nil {
			return err
		}
	}
	if err := m.dropSnapshot(ctx, &u.New, u.Old.Projects); err != nil {
		return err
	}
	more := record.Container{ID: id, Mounts: slices.DeleteFunc(slices.Clone(u.New.Mounts), func(n record.Mount) bool {
		return slices.ContainsFunc(u.Old.Mounts, func(o record.Mount) bool { return o.Name == n.Name })
	})}
	if err := m.Volume.RemoveAnonymous(ctx, &more); err != nil {
		return err
	}
	var started error
	if u.Ran && u.Step == record.UpgradeBack {
		started = m.startOld(ctx, u)
	}
	return errors.Join(started, m.Store.RemoveUpgrade(id))
}

// putBack ends the new container and makes the record the old one's.
func (m *Manager) putBack(ctx context.Context, u *record.Upgrade) error {
	lock, err := m.lockEnded(ctx, u.Old.ID)
	if err != nil {
		return err
	}
	defer m.drop(lock, u.Old.ID)
	c, err := m.Store.Container(u.Old.ID)
	if err != nil {
		return err
	}
	release := m.releaseKept
	if !u.Ran {
		release = m.release
	}
	if err := release(ctx, u.Old.ID); err != nil {
		return err
	}
	u.Old.Name = c.Name // it may have been renamed
	return m.Store.SetContainer(&u.Old)
}

// startOld starts the old container unless it still runs.
func (m *Manager) startOld(ctx context.Context, u *record.Upgrade) error {
	lock, err := m.lockIdle(ctx, u.Old.ID)
	if lock == nil || err != nil {
		return err
	}
	defer m.drop(lock, u.Old.ID)
	if err := m.releaseKept(ctx, u.Old.ID); err != nil {
		return err
	}
	if err := m.startPinned(ctx, &u.Old, u); err != nil {
		return errors.Join(fmt.Errorf("start the old container: %w", err), m.release(ctx, u.Old.ID))
	}
	return nil
}

// findWhole is find after what a dead command left of an upgrade was settled.
func (m *Manager) findWhole(ctx context.Context, target string) (*record.Container, *record.State, error) {
	id, err := m.Store.ResolveContainer(target)
	if err != nil {
		return nil, nil, err
	}
	if err := m.settleUpgrade(ctx, id); err != nil {
		return nil, nil, err
	}
	return m.find(target)
}

// reapUpgrade settles the upgrade of a container that is to be reaped; busy when
// there is nothing else to do. The last act of a supervisor starts nothing: it
// leaves the container, a --rm one too, to the command that upgrades it or comes
// next.
func (m *Manager) reapUpgrade(ctx context.Context, id string) (busy bool, err error) {
	u, err := m.Store.Upgrade(id)
	switch {
	case errs.Is(err, errs.NotFound):
		return false, nil
	case err != nil:
		return true, damaged(id, err)
	case m.upgrading(u):
		return true, nil
	case m.last:
		return true, m.settleEnded(ctx, id)
	}
	return true, m.settleUpgrade(ctx, id)
}

// snapshotKeys are the writable layers that container id may have. One whose image
// was never exchanged has one.
func (m *Manager) snapshotKeys(id string) []string {
	c, err := m.Store.Container(id)
	_, uerr := m.Store.Upgrade(id)
	if err == nil && c.Snapshot == "" && errs.Is(uerr, errs.NotFound) {
		return []string{id}
	}
	return record.SnapshotKeys(id)
}

// snapshotOwner is the container of a writable layer.
func snapshotOwner(key string) string {
	for _, k := range record.SnapshotKeys("") {
		if id, ok := strings.CutSuffix(key, k); ok && isID(id) {
			return id
		}
	}
	return key
}
