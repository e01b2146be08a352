package libct

import (
	"context"

	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// ExecApart implements engine.Container.
func (c *container) ExecApart(ctx context.Context, p *specs.Process, io engine.IO) (engine.Process, *cgroup.Group, error) {
	sub, err := c.group.Below("exec-", &c.apart)
	if err != nil {
		out, err := c.Exec(ctx, p, io)
		return out, nil, err
	}
	out, err := c.exec(ctx, p, io, func(lp *libcontainer.Process) error {
		lp.SubCgroupPaths = map[string]string{sub.Controller: sub.Name}
		return c.lc.Start(lp)
	})
	if err != nil {
		sub.Prune() //nolint:errcheck // it goes with the container's
		return nil, nil, err
	}
	return out, sub.Group, nil
}
