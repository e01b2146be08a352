package container

import (
	"context"
	"slices"
	"time"

	"github.com/pouchcontainer/pouch/pkg/ctrd/engine"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// StopEngine ends the private containerd, when the containers that are ending have ended,
// and takes away the cgroups that nobody uses then. Containers that run go on. Idempotent.
func (m *Manager) StopEngine(ctx context.Context) error {
	if err := m.awaitEnds(ctx); err != nil {
		return err
	}
	if err := engine.Stop(ctx, m.Store); err != nil {
		return err
	}
	return m.PruneCgroups()
}

// awaitEnds waits until no supervisor gives back what its ended container had, which
// takes the engine: ten seconds at most, as an engine that hangs is to be stopped, too.
// Lists do not show a container with --rm that has ended any more. An error is ctx's, or
// that the containers cannot be listed.
func (m *Manager) awaitEnds(ctx context.Context) error {
	ids, err := m.Store.ContainerIDs()
	if err != nil {
		return err
	}
	for until := time.Now().Add(ending); slices.ContainsFunc(ids, m.isEnding) && time.Now().Before(until); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}

// isEnding reports whether a container has ended and its supervisor has not.
func (m *Manager) isEnding(id string) bool {
	st, err := m.Store.State(id)
	if err != nil || st.Status == record.Created || st.Status == record.Creating {
		return false
	}
	return !m.goesOn(id) && m.supervised(id)
}
