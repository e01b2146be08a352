package spec

import (
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// cfsPeriod is the period that --cpus is a part of, in microseconds.
const cfsPeriod = 100000

// resources are the cgroup's limits and its list of devices.
func resources(c *record.Container, h Host) *specs.LinuxResources {
	r := c.Host.Resources
	out := &specs.LinuxResources{
		Devices: deviceRules(c.Host.Privileged, h.Devices),
		Memory:  memory(r, h),
		CPU:     cpu(r),
	}
	if r.PidsLimit > 0 {
		out.Pids = &specs.LinuxPids{Limit: &r.PidsLimit}
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
	if r.OOMKillDisable && !h.CgroupV2 {
		m.DisableOOMKiller = &r.OOMKillDisable
	}
	if m == (specs.LinuxMemory{}) {
		return nil
	}
	return &m
}

func cpu(r record.Resources) *specs.LinuxCPU {
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
	if c == (specs.LinuxCPU{}) {
		return nil
	}
	return &c
}
