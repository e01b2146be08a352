package metrics

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/opencontainers/cgroups"
)

// v1 is io.containerd.cgroups.v1.Metrics, but for what the stock shim leaves out.
type v1 struct {
	Hugetlb []v1Hugetlb `pb:"1"`
	Pids    *pids       `pb:"2"`
	CPU     *v1CPU      `pb:"3"`
	Memory  *v1Memory   `pb:"4"`
	Blkio   *v1Blkio    `pb:"5"`
	Rdma    *rdma       `pb:"6"`
	OOM     *v1OOM      `pb:"9"`
}

type v1Hugetlb struct {
	Usage    uint64 `pb:"1"`
	Max      uint64 `pb:"2"`
	Failcnt  uint64 `pb:"3"`
	Pagesize string `pb:"4"`
}

type v1CPU struct {
	Usage      *v1Usage    `pb:"1"`
	Throttling *v1Throttle `pb:"2"`
}

type v1Usage struct {
	Total  uint64   `pb:"1"` // nanoseconds
	Kernel uint64   `pb:"2"`
	User   uint64   `pb:"3"`
	PerCPU []uint64 `pb:"4"`
}

type v1Throttle struct {
	Periods   uint64 `pb:"1"`
	Throttled uint64 `pb:"2"`
	Time      uint64 `pb:"3"` // nanoseconds
}

type v1Memory struct {
	Cache             uint64   `pb:"1" stat:"cache"`
	RSS               uint64   `pb:"2" stat:"rss"`
	RSSHuge           uint64   `pb:"3" stat:"rss_huge"`
	MappedFile        uint64   `pb:"4" stat:"mapped_file"`
	Dirty             uint64   `pb:"5" stat:"dirty"`
	Writeback         uint64   `pb:"6" stat:"writeback"`
	PgPgIn            uint64   `pb:"7" stat:"pgpgin"`
	PgPgOut           uint64   `pb:"8" stat:"pgpgout"`
	PgFault           uint64   `pb:"9" stat:"pgfault"`
	PgMajFault        uint64   `pb:"10" stat:"pgmajfault"`
	InactiveAnon      uint64   `pb:"11" stat:"inactive_anon"`
	ActiveAnon        uint64   `pb:"12" stat:"active_anon"`
	InactiveFile      uint64   `pb:"13" stat:"inactive_file"`
	ActiveFile        uint64   `pb:"14" stat:"active_file"`
	Unevictable       uint64   `pb:"15" stat:"unevictable"`
	MemoryLimit       uint64   `pb:"16" stat:"hierarchical_memory_limit"`
	SwapLimit         uint64   `pb:"17" stat:"hierarchical_memsw_limit"`
	TotalCache        uint64   `pb:"18" stat:"total_cache"`
	TotalRSS          uint64   `pb:"19" stat:"total_rss"`
	TotalRSSHuge      uint64   `pb:"20" stat:"total_rss_huge"`
	TotalMappedFile   uint64   `pb:"21" stat:"total_mapped_file"`
	TotalDirty        uint64   `pb:"22" stat:"total_dirty"`
	TotalWriteback    uint64   `pb:"23" stat:"total_writeback"`
	TotalPgPgIn       uint64   `pb:"24" stat:"total_pgpgin"`
	TotalPgPgOut      uint64   `pb:"25" stat:"total_pgpgout"`
	TotalPgFault      uint64   `pb:"26" stat:"total_pgfault"`
	TotalPgMajFault   uint64   `pb:"27" stat:"total_pgmajfault"`
	TotalInactiveAnon uint64   `pb:"28" stat:"total_inactive_anon"`
	TotalActiveAnon   uint64   `pb:"29" stat:"total_active_anon"`
	TotalInactiveFile uint64   `pb:"30" stat:"total_inactive_file"`
	TotalActiveFile   uint64   `pb:"31" stat:"total_active_file"`
	TotalUnevictable  uint64   `pb:"32" stat:"total_unevictable"`
	Usage             *v1Entry `pb:"33"`
	Swap              *v1Entry `pb:"34"` // memory and swap together
	Kernel            *v1Entry `pb:"35"`
	KernelTCP         *v1Entry `pb:"36"`
}

type v1Entry struct {
	Limit   uint64 `pb:"1"`
	Usage   uint64 `pb:"2"`
	Max     uint64 `pb:"3"`
	Failcnt uint64 `pb:"4"`
}

type v1Blkio struct {
	ServiceBytes []v1Block `pb:"1"`
	Serviced     []v1Block `pb:"2"`
	Queued       []v1Block `pb:"3"`
	ServiceTime  []v1Block `pb:"4"`
	WaitTime     []v1Block `pb:"5"`
	Merged       []v1Block `pb:"6"`
	Time         []v1Block `pb:"7"`
	Sectors      []v1Block `pb:"8"`
}

type v1Block struct {
	Op     string `pb:"1"`
	Device string `pb:"2"`
	Major  uint64 `pb:"3"`
	Minor  uint64 `pb:"4"`
	Value  uint64 `pb:"5"`
}

type v1OOM struct {
	KillDisable uint64 `pb:"1"`
	UnderOOM    uint64 `pb:"2"`
	Kill        uint64 `pb:"3"`
}

// v1Of has the form of what libcontainer read; memory is the folder of the memory
// controller.
func v1Of(s *cgroups.Stats, memory string) *v1 {
	m := &v1{
		Pids: &pids{s.PidsStats.Current, s.PidsStats.Limit},
		CPU: &v1CPU{
			&v1Usage{s.CpuStats.CpuUsage.TotalUsage, s.CpuStats.CpuUsage.UsageInKernelmode, s.CpuStats.CpuUsage.UsageInUsermode, s.CpuStats.CpuUsage.PercpuUsage},
			&v1Throttle{s.CpuStats.ThrottlingData.Periods, s.CpuStats.ThrottlingData.ThrottledPeriods, s.CpuStats.ThrottlingData.ThrottledTime},
		},
		Memory: &v1Memory{
			Usage: v1EntryOf(s.MemoryStats.Usage), Swap: v1EntryOf(s.MemoryStats.SwapUsage),
			Kernel: v1EntryOf(s.MemoryStats.KernelUsage), KernelTCP: v1EntryOf(s.MemoryStats.KernelTCPUsage),
		},
		Blkio: &v1Blkio{
			v1Blocks(s.BlkioStats.IoServiceBytesRecursive), v1Blocks(s.BlkioStats.IoServicedRecursive),
			v1Blocks(s.BlkioStats.IoQueuedRecursive), v1Blocks(s.BlkioStats.IoServiceTimeRecursive),
			v1Blocks(s.BlkioStats.IoWaitTimeRecursive), v1Blocks(s.BlkioStats.IoMergedRecursive),
			v1Blocks(s.BlkioStats.IoTimeRecursive), v1Blocks(s.BlkioStats.SectorsRecursive),
		},
		Rdma: rdmaOf(s),
	}
	fill(m.Memory, s.MemoryStats.Stats)
	if oom, err := keyValues(filepath.Join(memory, "memory.oom_control")); memory != "" && err == nil {
		m.OOM = &v1OOM{oom["oom_kill_disable"], oom["under_oom"], oom["oom_kill"]}
	}
	for _, size := range slices.Sorted(maps.Keys(s.HugetlbStats)) {
		h := s.HugetlbStats[size]
		m.Hugetlb = append(m.Hugetlb, v1Hugetlb{h.Usage, h.MaxUsage, h.Failcnt, size})
	}
	return m
}

func v1EntryOf(d cgroups.MemoryData) *v1Entry {
	return &v1Entry{d.Limit, d.Usage, d.MaxUsage, d.Failcnt}
}

func v1Blocks(in []cgroups.BlkioStatEntry) []v1Block {
	var out []v1Block
	for _, e := range in {
		out = append(out, v1Block{e.Op, fmt.Sprintf("%d:%d", e.Major, e.Minor), e.Major, e.Minor, e.Value})
	}
	return out
}
