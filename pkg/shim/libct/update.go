package libct

import (
	"os"

	"github.com/opencontainers/runc/libcontainer/specconv"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// Update implements engine.Container: what r sets replaces what was, the rest
// stays. Devices are not changed.
func (c *container) Update(r *specs.LinuxResources) error {
	if r == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	merged := engine.MergeResources(c.spec, r)
	if err := c.group.AllowRealtime(r); err != nil {
		return errs.New(errs.Invalid, "update container %s: %w", c.id, err)
	}
	cg, err := specconv.CreateCgroupConfig(&specconv.CreateOpts{
		CgroupName: c.id, Spec: merged, RootlessEUID: os.Geteuid() != 0,
	}, nil)
	if err != nil {
		return errs.New(errs.Invalid, "update container %s: %w", c.id, err)
	}
	cfg := c.lc.Config()
	group := *cfg.Cgroups
	group.Resources = cg.Resources
	group.Resources.Devices = cfg.Cgroups.Resources.Devices
	group.Resources.Freezer = cfg.Cgroups.Resources.Freezer
	group.Resources.SkipDevices = true
	cfg.Cgroups = &group
	if err := c.lc.Set(cfg); err != nil {
		return errs.New(errs.Invalid, "update container %s: %w", c.id, err)
	}
	// lc has taken cfg over; SkipDevices would make it refuse a start.
	group.Resources.SkipDevices = false
	c.spec = merged
	return nil
}
