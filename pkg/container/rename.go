package container

import (
	"context"
	"fmt"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
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
	defer lock.Unlock()
	c, err := m.Store.Container(id)
	if err != nil {
		return err
	}
	old := c.Name
	if name == old {
		return errs.New(errs.Invalid, "renaming a container with the same name as its current name")
	}
	c.Name = name
	if err := m.claim(ctx, c); err != nil {
		return err
	}
	if err := m.Store.SetContainer(c); err != nil {
		return fmt.Errorf("rename container %s: %w", target, err)
	}
	if err := m.Store.SyncContainer(c); err != nil {
		return fmt.Errorf("rename container %s: %w", target, err)
	}
	return m.Store.ReleaseName(old, id)
}
