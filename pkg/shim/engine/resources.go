package engine

import (
	"maps"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// MergeResources returns s with r's limits: each that r sets replaces that of
// s, the others stay. s and r are not changed. When only a new memory limit is
// given, an old swap limit below it is raised to it, as the kernel demands.
func MergeResources(s *specs.Spec, r *specs.LinuxResources) *specs.Spec {
	out := *s
	linux := specs.Linux{}
	if s.Linux != nil {
		linux = *s.Linux
	}
	old := specs.LinuxResources{}
	if linux.Resources != nil {
		old = *linux.Resources
	}
	old.Memory = mergeMemory(old.Memory, r.Memory)
	old.CPU = mergeCPU(old.CPU, r.CPU)
	old.BlockIO = mergeBlockIO(old.BlockIO, r.BlockIO)
	if r.Pids != nil && r.Pids.Limit != nil {
		old.Pids = r.Pids
	}
	if len(r.HugepageLimits) > 0 {
		old.HugepageLimits = r.HugepageLimits
	}
	if len(r.Unified) > 0 {
		u := maps.Clone(old.Unified)
		if u == nil {
			u = map[string]string{}
		}
		maps.Copy(u, r.Unified)
		old.Unified = u
	}
	linux.Resources = &old
	out.Linux = &linux
	return &out
}

func mergeMemory(a, b *specs.LinuxMemory) *specs.LinuxMemory {
	if a == nil || b == nil {
		return first(b, a)
	}
	m := *a
	set(&m.Limit, b.Limit)
	set(&m.Reservation, b.Reservation)
	set(&m.Swap, b.Swap)
	set(&m.Swappiness, b.Swappiness)
	set(&m.DisableOOMKiller, b.DisableOOMKiller)
	set(&m.CheckBeforeUpdate, b.CheckBeforeUpdate)
	if b.Swap == nil && m.Swap != nil && m.Limit != nil && *m.Swap > 0 && *m.Swap < *m.Limit {
		m.Swap = m.Limit
	}
	return &m
}

func mergeCPU(a, b *specs.LinuxCPU) *specs.LinuxCPU {
	if a == nil || b == nil {
		return first(b, a)
	}
	c := *a
	set(&c.Shares, b.Shares)
	set(&c.Quota, b.Quota)
	set(&c.Burst, b.Burst)
	set(&c.Period, b.Period)
	set(&c.RealtimeRuntime, b.RealtimeRuntime)
	set(&c.RealtimePeriod, b.RealtimePeriod)
	set(&c.Idle, b.Idle)
	if b.Cpus != "" {
		c.Cpus = b.Cpus
	}
	if b.Mems != "" {
		c.Mems = b.Mems
	}
	return &c
}

func mergeBlockIO(a, b *specs.LinuxBlockIO) *specs.LinuxBlockIO {
	if a == nil || b == nil {
		return first(b, a)
	}
	d := *a
	set(&d.Weight, b.Weight)
	set(&d.LeafWeight, b.LeafWeight)
	d.WeightDevice = replace(d.WeightDevice, b.WeightDevice)
	d.ThrottleReadBpsDevice = replace(d.ThrottleReadBpsDevice, b.ThrottleReadBpsDevice)
	d.ThrottleWriteBpsDevice = replace(d.ThrottleWriteBpsDevice, b.ThrottleWriteBpsDevice)
	d.ThrottleReadIOPSDevice = replace(d.ThrottleReadIOPSDevice, b.ThrottleReadIOPSDevice)
	d.ThrottleWriteIOPSDevice = replace(d.ThrottleWriteIOPSDevice, b.ThrottleWriteIOPSDevice)
	return &d
}

func set[T any](dst **T, v *T) {
	if v != nil {
		*dst = v
	}
}

func first[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

func replace[T any](old, with []T) []T {
	if len(with) > 0 {
		return slices.Clone(with)
	}
	return old
}
