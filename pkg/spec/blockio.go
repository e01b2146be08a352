package spec

import (
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// DeviceNumber is a block device as the kernel names it: makedev(3).
type DeviceNumber struct{ Major, Minor int64 }

// blockIO are the weights and rates of block devices. A device that h does not
// have is left out: hostfacts.Read refuses it before.
func blockIO(r record.Resources, h Host) *specs.LinuxBlockIO {
	b := specs.LinuxBlockIO{
		WeightDevice:            weights(r.BlkioWeightDevice, h),
		ThrottleReadBpsDevice:   throttles(r.DeviceReadBps, h),
		ThrottleWriteBpsDevice:  throttles(r.DeviceWriteBps, h),
		ThrottleReadIOPSDevice:  throttles(r.DeviceReadIOps, h),
		ThrottleWriteIOPSDevice: throttles(r.DeviceWriteIOps, h),
	}
	if r.BlkioWeight != 0 {
		b.Weight = &r.BlkioWeight
	}
	if b.Weight == nil && len(BlockDevices(r)) == 0 {
		return nil
	}
	return &b
}

func weights(list []record.DeviceRate, h Host) []specs.LinuxWeightDevice {
	var out []specs.LinuxWeightDevice
	for _, d := range list {
		if n, ok := h.Blocks[d.Path]; ok && d.Rate != 0 {
			weight := uint16(d.Rate)
			w := specs.LinuxWeightDevice{Weight: &weight}
			w.Major, w.Minor = n.Major, n.Minor
			out = append(out, w)
		}
	}
	return out
}

// throttles leaves out rates of 0, which are no limit.
func throttles(list []record.DeviceRate, h Host) []specs.LinuxThrottleDevice {
	var out []specs.LinuxThrottleDevice
	for _, d := range list {
		if n, ok := h.Blocks[d.Path]; ok && d.Rate != 0 {
			t := specs.LinuxThrottleDevice{Rate: d.Rate}
			t.Major, t.Minor = n.Major, n.Minor
			out = append(out, t)
		}
	}
	return out
}

// BlockDevices are the paths of the devices that r limits, each once.
func BlockDevices(r record.Resources) []string {
	var out []string
	seen := map[string]bool{}
	for _, list := range [][]record.DeviceRate{r.BlkioWeightDevice, r.DeviceReadBps, r.DeviceWriteBps, r.DeviceReadIOps, r.DeviceWriteIOps} {
		for _, d := range list {
			if !seen[d.Path] {
				seen[d.Path] = true
				out = append(out, d.Path)
			}
		}
	}
	return out
}
