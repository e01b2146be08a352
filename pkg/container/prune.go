package container

import (
	"context"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Prune removes every container that does not run and that filters accept, and
// returns the ids of those removed. One that is started meanwhile stays. The
// error is the last of those that happened; the others are removed all the same.
func (m *Manager) Prune(ctx context.Context, filters Filters) (removed []string, err error) {
	list, err := m.List(ctx, ListOpts{All: true, Filters: filters})
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		if s.State.Status != record.Exited && s.State.Status != record.Created {
			continue
		}
		rerr := m.Remove(ctx, s.Container.ID, RemoveOpts{})
		switch {
		case rerr == nil:
			removed = append(removed, s.Container.ID)
		case !errs.Is(rerr, errs.NotFound) && !errs.Is(rerr, errs.InUse):
			err = rerr
		}
	}
	return removed, err
}
