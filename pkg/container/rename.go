package container

import (
	"context"
	"errors"
	"fmt"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Rename gives the container that target names another name. It fails with
// kind not_found, invalid for a name that is none, or conflict when another
// container has it. A crash leaves one name or both, of the same container.
func (m *Manager) Rename(ctx context.Context, target, name string) error {
	name, err := parse.Name("container", name)
	if err != nil {
		return err
	}
	id, err := m.Store.ResolveContainer(target)
	if err != nil {
		return err
	}
	lock, err := m.Store.Lock(ctx, "c", id)
	if err != nil {
		return err
	}
	c, err := m.renameLocked(ctx, id, name)
	if err == nil {
		err = m.reread(ctx, c)
	}
	left := m.handBack(ctx, lock, id)
	if err != nil {
		return fmt.Errorf("rename container %s: %w", target, err)
	}
	return left
}

// reread makes the supervisor of c, if it has one, take over what its record
// says by now of name, labels and restart policy.
func (m *Manager) reread(ctx context.Context, c *record.Container) error {
	if !m.supervised(c.ID) {
		return nil
	}
	_, err := m.ask(ctx, c.ID, &ctl.Message{Op: ctl.Reread}, answerTimeout, ctl.OK)
	switch {
	case errors.Is(err, errNoSupervisor), errs.Is(err, errs.Conflict): // it has ended just now
		return nil
	case errs.Is(err, errs.Invalid): // a supervisor of an older build, which does not know how
		return nil
	}
	return err
}

// renameLocked claims the new name before the record says it, and gives the old
// one back last.
func (m *Manager) renameLocked(ctx context.Context, id, name string) (*record.Container, error) {
	c, err := m.Store.Container(id)
	if err == nil {
		_, err = m.Store.State(id) // it becomes durable with the rest
	}
	if err != nil {
		return nil, damaged(id, err)
	}
	old := c.Name
	if name == old {
		return nil, errs.New(errs.Invalid, "it has the name %s already", name)
	}
	c.Name = name
	if err := m.claim(ctx, c); err != nil {
		return nil, err
	}
	if err := m.Store.SetContainer(c); err != nil {
		return nil, errors.Join(err, m.Store.ReleaseName(name, id))
	}
	if err := m.Store.SyncContainer(c); err != nil {
		return nil, err // the record has the new name by now: both stay
	}
	if err := m.Store.ReleaseName(old, id); err != nil {
		return nil, err
	}
	m.event(c, "rename", record.Labels{"oldName": "/" + old})
	return c, m.Network.Rename(ctx, id, old, name)
}
