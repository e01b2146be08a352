package container

import (
	"context"

	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// handBack gives a container's lock back, and does what a supervisor has left to this
// command when it found the lock held at its last act (see inHands): the container has
// ended since.
func (m *Manager) handBack(ctx context.Context, lock *fsx.Lock, id string) error {
	m.drop(lock, id)
	if !exists(m.Store.RunDir(id)) || !m.over(id) {
		return nil
	}
	if running, err := m.awaitIdle(ctx, id); running || err != nil {
		return ctx.Err() // who makes it run, or take long, has it now
	}
	return m.tidy(ctx, id)
}
