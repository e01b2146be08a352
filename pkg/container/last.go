package container

import (
	"context"

	"github.com/pouchcontainer/pouch/pkg/store"
)

// Last is the last act of the supervisor of container id, in its own process:
// Reap, but no containerd is started, which would live in the supervisor's mount
// namespace. What it cannot do, the next command does that looks.
func Last(ctx context.Context, s *store.Store, address, id string) error {
	m := Open(s, address)
	m.last = true
	return m.Reap(ctx, id)
}
