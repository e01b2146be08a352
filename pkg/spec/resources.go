package spec

import (
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// cfsPeriod is the period that --cpus is a part of, in microseconds.
const cfsPeriod = 100000

// resources are the cgroup's limits and its list of devices.
func resources(c *record.Container, h Host) *specs.LinuxResources {
	out := Limits(Pinned(c, h.Processors), h)
	out.Devices = deviceRules(c.Host, slices.Concat(h.Devices, h.BlockVolumes))
	return out
}

// Limits are those of r as a runtime of host h takes them. On cgroup v2 the
// runtime converts what has other units there (shares, weights, swap).
func Limits(r record.Resources, h Host) *specs.LinuxResources {
	out := &specs.LinuxResources{Memory: memory(r, h), CPU: cpu(r, h), BlockIO: blockIO(r, h)}
	if r.PidsLimit > 0 {
		out.Pids = &specs.LinuxPids{Limit: &r.PidsLimit}
	}
	if h.CgroupV2 {
		out.Unified = r.Unified
	}
	return out
}

// memory follows docker: with a limit of memory alone, as much swap again.
// Where the kernel counts no swap, it is not limited.
func memory(r record.Resources, h Host) *specs.LinuxMemory {
	m := specs.LinuxMemory{}
	if r.Memory > 0 {
		m.Limit = &r.Memory
		swap := r.MemorySwap
		if swap == 0 {
			swap = 2 * r.Memory
		}
		if h.SwapLimit {
			m.Swap = &swap
		}
	}
	if r.MemoryReservation > 0 {
		m.Reservation = &r.MemoryReservation
	}
	if r.KernelMemory > 0 && !h.CgroupV2 {
		m.Kernel = &r.KernelMemory //nolint:staticcheck // it is in the schema, and the engines know what it means
	}
	if r.MemorySwappiness != nil && !h.CgroupV2 {
		n := uint64(*r.MemorySwappiness)
		m.Swappiness = &n
	}
	if r.OOMKillDisable && !h.CgroupV2 {
		m.DisableOOMKiller = &r.OOMKillDisable
	}
	if m == (specs.LinuxMemory{}) {
		return nil
	}
	return &m
}

func cpu(r record.Resources, h Host) *specs.LinuxCPU {
	c := specs.LinuxCPU{Cpus: r.CpusetCpus, Mems: r.CpusetMems}
	if r.CPUShares != 0 {
		c.Shares = &r.CPUShares
	}
	period, quota := r.CPUPeriod, r.CPUQuota
	if r.NanoCPUs > 0 {
		period, quota = cfsPeriod, r.NanoCPUs/1000*cfsPeriod/1e6
	}
	if period != 0 {
		c.Period = &period
	}
	if quota != 0 {
		c.Quota = &quota
	}
	if r.CPURealtimePeriod != 0 && !h.CgroupV2 {
		c.RealtimePeriod = &r.CPURealtimePeriod
	}
	if r.CPURealtimeRuntime != 0 && !h.CgroupV2 {
		c.RealtimeRuntime = &r.CPURealtimeRuntime
	}
	if c == (specs.LinuxCPU{}) {
		return nil
	}
	return &c
}
