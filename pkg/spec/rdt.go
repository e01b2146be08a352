package spec

import (
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// rdt is the container's group of resctrl: one that is there already, or, with
// a schema alone, one of its own, which the runtime makes and removes.
func rdt(r record.Resources) *specs.LinuxIntelRdt {
	if r.RdtClass == "" && r.RdtL3 == "" {
		return nil
	}
	return &specs.LinuxIntelRdt{ClosID: r.RdtClass, L3CacheSchema: r.RdtL3}
}
