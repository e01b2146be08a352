package metrics

import (
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/cgroups"

	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// v2 is io.containerd.cgroups.v2.Metrics, but for what the stock shim leaves out.
type v2 struct {
	Pids    *pids       `pb:"1"`
	CPU     *v2CPU      `pb:"2"`
	Memory  *v2Memory   `pb:"4"`
	Rdma    *rdma       `pb:"5"`
	IO      *v2IO       `pb:"6"`
	Hugetlb []v2Hugetlb `pb:"7"`
	Events  *v2Events   `pb:"8"`
}

type v2PSI struct {
	Some *v2Pressure `pb:"1"`
	Full *v2Pressure `pb:"2"`
}

type v2Pressure struct {
	Avg10  float64 `pb:"1"`
	Avg60  float64 `pb:"2"`
	Avg300 float64 `pb:"3"`
	Total  uint64  `pb:"4"`
}

// v2CPU has its times in microseconds.
type v2CPU struct {
	Usage         uint64 `pb:"1"`
	User          uint64 `pb:"2"`
	System        uint64 `pb:"3"`
	Periods       uint64 `pb:"4"`
	Throttled     uint64 `pb:"5"`
	ThrottledTime uint64 `pb:"6"`
	PSI           *v2PSI `pb:"7"`
	Bursts        uint64 `pb:"8"`
	BurstTime     uint64 `pb:"9"`
}

type v2Memory struct {
	Anon                  uint64 `pb:"1" stat:"anon"`
	File                  uint64 `pb:"2" stat:"file"`
	KernelStack           uint64 `pb:"3" stat:"kernel_stack"`
	Slab                  uint64 `pb:"4" stat:"slab"`
	Sock                  uint64 `pb:"5" stat:"sock"`
	Shmem                 uint64 `pb:"6" stat:"shmem"`
	FileMapped            uint64 `pb:"7" stat:"file_mapped"`
	FileDirty             uint64 `pb:"8" stat:"file_dirty"`
	FileWriteback         uint64 `pb:"9" stat:"file_writeback"`
	AnonThp               uint64 `pb:"10" stat:"anon_thp"`
	InactiveAnon          uint64 `pb:"11" stat:"inactive_anon"`
	ActiveAnon            uint64 `pb:"12" stat:"active_anon"`
	InactiveFile          uint64 `pb:"13" stat:"inactive_file"`
	ActiveFile            uint64 `pb:"14" stat:"active_file"`
	Unevictable           uint64 `pb:"15" stat:"unevictable"`
	SlabReclaimable       uint64 `pb:"16" stat:"slab_reclaimable"`
	SlabUnreclaimable     uint64 `pb:"17" stat:"slab_unreclaimable"`
	Pgfault               uint64 `pb:"18" stat:"pgfault"`
	Pgmajfault            uint64 `pb:"19" stat:"pgmajfault"`
	WorkingsetRefault     uint64 `pb:"20" stat:"workingset_refault"`
	WorkingsetActivate    uint64 `pb:"21" stat:"workingset_activate"`
	WorkingsetNodereclaim uint64 `pb:"22" stat:"workingset_nodereclaim"`
	Pgrefill              uint64 `pb:"23" stat:"pgrefill"`
	Pgscan                uint64 `pb:"24" stat:"pgscan"`
	Pgsteal               uint64 `pb:"25" stat:"pgsteal"`
	Pgactivate            uint64 `pb:"26" stat:"pgactivate"`
	Pgdeactivate          uint64 `pb:"27" stat:"pgdeactivate"`
	Pglazyfree            uint64 `pb:"28" stat:"pglazyfree"`
	Pglazyfreed           uint64 `pb:"29" stat:"pglazyfreed"`
	ThpFaultAlloc         uint64 `pb:"30" stat:"thp_fault_alloc"`
	ThpCollapseAlloc      uint64 `pb:"31" stat:"thp_collapse_alloc"`
	Usage                 uint64 `pb:"32"`
	UsageLimit            uint64 `pb:"33"`
	SwapUsage             uint64 `pb:"34"`
	SwapLimit             uint64 `pb:"35"`
	MaxUsage              uint64 `pb:"36"`
	SwapMaxUsage          uint64 `pb:"37"`
	PSI                   *v2PSI `pb:"38"`
}

type v2IO struct {
	Usage []*v2Device `pb:"1"`
	PSI   *v2PSI      `pb:"2"`
}

type v2Device struct {
	Major  uint64 `pb:"1"`
	Minor  uint64 `pb:"2"`
	Rbytes uint64 `pb:"3"`
	Wbytes uint64 `pb:"4"`
	Rios   uint64 `pb:"5"`
	Wios   uint64 `pb:"6"`
}

type v2Hugetlb struct {
	Current  uint64 `pb:"1"`
	Max      uint64 `pb:"2"`
	Pagesize string `pb:"3"`
	Failcnt  uint64 `pb:"4"`
}

type v2Events struct {
	Low          uint64 `pb:"1" stat:"low"`
	High         uint64 `pb:"2" stat:"high"`
	Max          uint64 `pb:"3" stat:"max"`
	OOM          uint64 `pb:"4" stat:"oom"`
	OOMKill      uint64 `pb:"5" stat:"oom_kill"`
	OOMGroupKill uint64 `pb:"6" stat:"oom_group_kill"`
}

const microsecond = 1000 // libcontainer has nanoseconds

// v2Of has the form of what libcontainer read of the cgroup at path.
func v2Of(s *cgroups.Stats, path string) *v2 {
	c, mem := s.CpuStats, s.MemoryStats
	m := &v2{
		Pids: &pids{s.PidsStats.Current, s.PidsStats.Limit},
		CPU: &v2CPU{
			c.CpuUsage.TotalUsage / microsecond, c.CpuUsage.UsageInUsermode / microsecond, c.CpuUsage.UsageInKernelmode / microsecond,
			c.ThrottlingData.Periods, c.ThrottlingData.ThrottledPeriods, c.ThrottlingData.ThrottledTime / microsecond,
			psiOf(c.PSI), c.BurstData.BurstsPeriods, c.BurstData.BurstTime / microsecond,
		},
		Memory: &v2Memory{
			Usage: mem.Usage.Usage, UsageLimit: mem.Usage.Limit, MaxUsage: mem.Usage.MaxUsage,
			SwapUsage: mem.SwapOnlyUsage.Usage, SwapLimit: mem.SwapOnlyUsage.Limit, SwapMaxUsage: mem.SwapOnlyUsage.MaxUsage,
			PSI: psiOf(mem.PSI),
		},
		Rdma: rdmaOf(s),
		IO:   &v2IO{devicesOf(s.BlkioStats), psiOf(s.BlkioStats.PSI)},
	}
	fill(m.Memory, mem.Stats)
	if events, err := keyValues(filepath.Join(path, "memory.events")); err == nil {
		m.Events = &v2Events{}
		fill(m.Events, events)
	}
	for _, size := range slices.Sorted(maps.Keys(s.HugetlbStats)) {
		h := s.HugetlbStats[size]
		m.Hugetlb = append(m.Hugetlb, v2Hugetlb{h.Usage, h.MaxUsage, size, h.Failcnt})
	}
	return m
}

func psiOf(p *cgroups.PSIStats) *v2PSI {
	if p == nil {
		return nil
	}
	return &v2PSI{
		&v2Pressure{p.Some.Avg10, p.Some.Avg60, p.Some.Avg300, p.Some.Total},
		&v2Pressure{p.Full.Avg10, p.Full.Avg60, p.Full.Avg300, p.Full.Total},
	}
}

// devicesOf puts together what libcontainer has in two tables.
func devicesOf(s cgroups.BlkioStats) []*v2Device {
	var out []*v2Device
	at := func(e cgroups.BlkioStatEntry) *v2Device {
		i := slices.IndexFunc(out, func(d *v2Device) bool { return d.Major == e.Major && d.Minor == e.Minor })
		if i < 0 {
			i, out = len(out), append(out, &v2Device{Major: e.Major, Minor: e.Minor})
		}
		return out[i]
	}
	for _, e := range s.IoServiceBytesRecursive {
		if d := at(e); e.Op == "Read" {
			d.Rbytes = e.Value
		} else {
			d.Wbytes = e.Value
		}
	}
	for _, e := range s.IoServicedRecursive {
		if d := at(e); e.Op == "Read" {
			d.Rios = e.Value
		} else {
			d.Wios = e.Value
		}
	}
	return out
}

// keyValues reads a file of lines with a name and a number.
func keyValues(path string) (map[string]uint64, error) {
	text, err := fsx.ReadAtMost(path, 64<<10)
	if err != nil {
		return nil, err
	}
	out := map[string]uint64{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.ParseUint(value, 10, 64); err == nil {
			out[name] = n
		}
	}
	return out, nil
}
