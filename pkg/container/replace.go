package container

import (
	"context"
	"fmt"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// replace makes room for a container that takes another one's name: that one is
// removed, killed if it runs, with its anonymous volumes. It comes when all else
// of the new one is known to be right.
func (m *Manager) replace(ctx context.Context, o *Options) error {
	if !o.Replace || o.Name == "" {
		return nil
	}
	id, err := m.Store.NameHolder(o.Name)
	if err != nil || id == "" {
		return err
	}
	err = m.Remove(ctx, id, RemoveOpts{Force: true, Volumes: true})
	if err != nil && !errs.Is(err, errs.NotFound) {
		return fmt.Errorf("replace container %s: %w", o.Name, err)
	}
	return nil
}
