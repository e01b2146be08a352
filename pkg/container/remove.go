package container

import (
	"context"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// RemoveOpts are the flags of rm.
type RemoveOpts struct {
	Force   bool // a running container is killed
	Volumes bool // anonymous volumes go too
}

// Remove removes the container that target names. A running one gives kind
// in_use without Force, a missing one not_found.
func (m *Manager) Remove(ctx context.Context, target string, o RemoveOpts) error {
	id, err := m.Store.ResolveContainer(target)
	if err != nil {
		return err
	}
	if !o.Force {
		if u, err := m.Store.Upgrade(id); err == nil && m.upgrading(u) {
			return errs.New(errs.InUse, "cannot remove container %s: another command (pid %d) upgrades it", target, u.Owner.Pid)
		}
		if st, err := m.actual(id); err == nil && m.busy(id, st) {
			return errs.New(errs.InUse, "cannot remove container %s: it is running: stop it before, or use rm -f", target)
		}
	}
	return m.Destroy(ctx, id, o.Volumes)
}

// busy reports whether a container runs or is about to.
func (m *Manager) busy(id string, st *record.State) bool {
	if st.Status == record.Created {
		return m.supervised(id)
	}
	return Alive(st) && !m.initEnded(st)
}
