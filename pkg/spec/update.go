package spec

import (
	"math"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// unlimited is what a device's rate is without a limit: the kernel's own start
// value, on cgroup v1 and v2.
const unlimited = math.MaxUint64

// Changes are the limits that bring a running container from old to r: all of
// r's, and for each of old's that r has no more, the value that means none. A
// host that would have to kill for a lower limit of memory refuses it.
func Changes(old, r record.Resources, h Host, k Kernel) *specs.LinuxResources {
	was, out := Limits(old, h), Limits(r, h)
	if was.Memory != nil {
		out.Memory = liftMemory(was.Memory, orNew(out.Memory), h)
	}
	if out.Memory != nil {
		check := true
		out.Memory.CheckBeforeUpdate = &check
	}
	if was.CPU != nil {
		out.CPU = liftCPU(was.CPU, orNew(out.CPU), k)
	}
	if was.BlockIO != nil {
		out.BlockIO = liftBlockIO(was.BlockIO, orNew(out.BlockIO), h)
	}
	if was.Pids != nil && out.Pids == nil {
		none := int64(-1)
		out.Pids = &specs.LinuxPids{Limit: &none}
	}
	return out
}

func orNew[T any](p *T) *T {
	if p == nil {
		return new(T)
	}
	return p
}

// lift sets *to to none when there was a limit and is none.
func lift[T any](was *T, to **T, none T) {
	if was != nil && *to == nil {
		*to = &none
	}
}

func liftMemory(was, m *specs.LinuxMemory, h Host) *specs.LinuxMemory {
	lift(was.Limit, &m.Limit, -1)
	lift(was.Swap, &m.Swap, -1)
	// memory.low of v2 protects: its none is 0, which a byte is rounded to; the
	// soft limit of v1 bounds: its none is no bound.
	none := int64(-1)
	if h.CgroupV2 {
		none = 1
	}
	lift(was.Reservation, &m.Reservation, none)
	return m
}

func liftCPU(was, c *specs.LinuxCPU, k Kernel) *specs.LinuxCPU {
	lift(was.Shares, &c.Shares, 1024)
	lift(was.Quota, &c.Quota, -1)
	lift(was.Period, &c.Period, cfsPeriod)
	lift(was.RealtimeRuntime, &c.RealtimeRuntime, 0)
	lift(was.RealtimePeriod, &c.RealtimePeriod, 1000000)
	if was.Cpus != "" && c.Cpus == "" {
		c.Cpus = k.Cpus
	}
	if was.Mems != "" && c.Mems == "" {
		c.Mems = k.Mems
	}
	return c
}

func liftBlockIO(was, b *specs.LinuxBlockIO, h Host) *specs.LinuxBlockIO {
	lift(was.Weight, &b.Weight, noWeight(h))
	for _, d := range was.WeightDevice {
		if !hasWeight(b.WeightDevice, d) {
			none := noWeight(h)
			d.Weight = &none
			b.WeightDevice = append(b.WeightDevice, d)
		}
	}
	b.ThrottleReadBpsDevice = liftRates(was.ThrottleReadBpsDevice, b.ThrottleReadBpsDevice)
	b.ThrottleWriteBpsDevice = liftRates(was.ThrottleWriteBpsDevice, b.ThrottleWriteBpsDevice)
	b.ThrottleReadIOPSDevice = liftRates(was.ThrottleReadIOPSDevice, b.ThrottleReadIOPSDevice)
	b.ThrottleWriteIOPSDevice = liftRates(was.ThrottleWriteIOPSDevice, b.ThrottleWriteIOPSDevice)
	return b
}

// noWeight is the weight of a group that nobody gave one: 100 of bfq's, 500 of
// the older scheduler's of cgroup v1, and 100 in io.weight, which the runtime
// makes of 20, as near as its conversion of 10 … 1000 comes.
func noWeight(h Host) uint16 {
	switch {
	case h.BFQ:
		return 100
	case h.CgroupV2:
		return 20
	}
	return 500
}

func hasWeight(list []specs.LinuxWeightDevice, d specs.LinuxWeightDevice) bool {
	for _, o := range list {
		if o.Major == d.Major && o.Minor == d.Minor {
			return true
		}
	}
	return false
}

func liftRates(was, now []specs.LinuxThrottleDevice) []specs.LinuxThrottleDevice {
next:
	for _, d := range was {
		for _, o := range now {
			if o.Major == d.Major && o.Minor == d.Minor {
				continue next
			}
		}
		d.Rate = unlimited
		now = append(now, d)
	}
	return now
}
