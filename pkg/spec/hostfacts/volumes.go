package hostfacts

import (
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// blockVolumes are the volumes among mounts that are devices, as those of CSI
// drivers can be. What is read-only is so by the cgroup: a mount keeps nobody from
// writing to a device.
func blockVolumes(mounts []record.Mount) []spec.Device {
	var out []spec.Device
	for _, m := range mounts {
		if m.Type != "volume" || m.Source == "" {
			continue
		}
		access := "rw"
		if m.ReadOnly {
			access = "r"
		}
		if d, ok, err := node(m.Source, m.Destination, access); err == nil && ok && d.Type == "b" {
			out = append(out, d)
		}
	}
	return out
}
