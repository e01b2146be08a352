package ociruntime

import (
	"encoding/json"
	"os"

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
		return errs.New(errs.Invalid, "update container %s: %w", c.opts.ID, err)
	}
	all := *merged.Linux.Resources
	all.Devices = nil
	data, err := json.Marshal(&all)
	if err != nil {
		return err
	}
	file, err := c.file("resources", data)
	if err != nil {
		return err
	}
	defer os.Remove(file)
	ctx, cancel := background()
	defer cancel()
	if err := c.call(ctx, "update", "--resources", file, c.opts.ID); err != nil {
		return errs.New(errs.Invalid, "update container %s: %w", c.opts.ID, err)
	}
	c.spec = merged
	return nil
}
