package container

import (
	"context"
	"fmt"

	"github.com/pouchcontainer/pouch/pkg/lxcfs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// lxcfsOwner stands for the owner of an lxcfs that no container uses.
const lxcfsOwner = "lxcfs"

// releaseLxcfs ends lxcfs with the last container that uses it. Idempotent.
func (m *Manager) releaseLxcfs(ctx context.Context, c *record.Container) error {
	if !c.Host.Lxcfs {
		return nil
	}
	return lxcfs.Of(m.Store).Release(ctx, c.ID)
}

// surveyLxcfs looks for an lxcfs whose last container's supervisor was killed.
func (m *Manager) surveyLxcfs(context.Context) ([]Leftover, error) {
	p, idle, err := lxcfs.Of(m.Store).Idle("")
	if err != nil || !idle {
		return nil, err
	}
	return []Leftover{{"lxcfs", fmt.Sprintf("process %d", p.Pid), lxcfsOwner, "no container runs with it"}}, nil
}
