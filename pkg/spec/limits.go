package spec

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Kernel is which limits this host can keep: hostfacts.Kernel reads it.
type Kernel struct {
	CgroupV2                                            bool
	Memory, Swap, Reservation, Swappiness, KernelMemory bool
	OOMKillDisable, Pids, Shares, CFS, Realtime, Cpuset bool
	Weight, WeightDevice                                bool
	ReadBps, WriteBps, ReadIOps, WriteIOps              bool
	RdtL3                                               bool
	Rdt                                                 bool
	Processors                                          int    // online
	Cpus, Mems                                          string // that a container may use: cpuset(7), "List format"
}

// Limited reports whether r limits anything.
func Limited(r record.Resources) bool { return !reflect.ValueOf(r).IsZero() }

// CheckLimits refuses limits that contradict each other, in docker's words; the
// kind is invalid.
func CheckLimits(r record.Resources) error {
	bad := func(format string, args ...any) error { return errs.New(errs.Invalid, format, args...) }
	switch {
	case r.MemorySwap > 0 && r.Memory == 0:
		return bad("You should always set the Memory limit when using Memoryswap limit, see usage")
	case r.MemorySwap > 0 && r.MemorySwap < r.Memory:
		return bad("Minimum memoryswap limit should be larger than memory limit, see usage")
	case r.Memory > 0 && r.MemoryReservation > r.Memory:
		return bad("Minimum memory limit can not be less than memory reservation limit, see usage")
	case r.NanoCPUs > 0 && r.CPUPeriod > 0:
		return bad("Conflicting options: Nano CPUs and CPU Period cannot both be set")
	case r.NanoCPUs > 0 && r.CPUQuota > 0:
		return bad("Conflicting options: Nano CPUs and CPU Quota cannot both be set")
	case r.CPUPeriod != 0 && (r.CPUPeriod < 1000 || r.CPUPeriod > 1000000):
		return bad("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)")
	case r.CPUQuota > 0 && r.CPUQuota < 1000:
		return bad("CPU cfs quota can not be less than 1ms (i.e. 1000)")
	case r.CPURealtimePeriod > 0 && r.CPURealtimeRuntime > 0 && uint64(r.CPURealtimeRuntime) > r.CPURealtimePeriod:
		return bad("cpu real-time runtime cannot be higher than cpu real-time period")
	}
	return nil
}

// Fit takes out of r what a host k cannot keep, and says so in docker's words:
// a limit that only bounds is discarded with a warning, one that the container
// counts on is an error of kind unsupported or invalid. Idempotent.
func Fit(r *record.Resources, k Kernel) (warnings []string, err error) {
	f := &fitting{r: r}
	f.memory(k)
	f.processes(k)
	f.blocks(k)
	return f.warnings, f.refuse(k)
}

type fitting struct {
	r        *record.Resources
	warnings []string
}

// drop discards a limit that is set and that the kernel does not have.
func drop[T any](f *fitting, has bool, limit *T, words string) {
	if v := reflect.ValueOf(limit).Elem(); !has && !v.IsZero() {
		v.SetZero()
		f.warnings = append(f.warnings, words)
	}
}

const notMounted = " or the cgroup is not mounted. "

func (f *fitting) memory(k Kernel) {
	r := f.r
	if r.Memory > 0 && k.Memory && r.MemorySwap >= 0 && !k.Swap {
		f.warnings = append(f.warnings, "Your kernel does not support swap limit capabilities"+notMounted+"Memory limited without swap.")
		r.MemorySwap = -1
	}
	if r.Memory > 0 && !k.Memory {
		r.MemorySwap = 0
	}
	drop(f, k.Memory, &r.Memory, "Your kernel does not support memory limit capabilities"+notMounted+"Limitation discarded.")
	drop(f, k.Reservation, &r.MemoryReservation, "Your kernel does not support memory soft limit capabilities"+notMounted+"Limitation discarded.")
	drop(f, k.Swappiness, &r.MemorySwappiness, "Your kernel does not support memory swappiness capabilities"+notMounted+"Memory swappiness discarded.")
	drop(f, k.KernelMemory, &r.KernelMemory, "Your kernel does not support kernel memory limit capabilities"+notMounted+"Limitation discarded.")
	drop(f, k.OOMKillDisable, &r.OOMKillDisable, "Your kernel does not support OomKillDisable. OomKillDisable discarded.")
	if r.OOMKillDisable && r.Memory == 0 {
		f.warnings = append(f.warnings, "OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.")
	}
}

func (f *fitting) processes(k Kernel) {
	r := f.r
	drop(f, k.Pids, &r.PidsLimit, "Your kernel does not support PIDs limit capabilities"+notMounted+"PIDs limit discarded.")
	drop(f, k.Shares, &r.CPUShares, "Your kernel does not support CPU shares"+notMounted+"Shares discarded.")
	const cfs = "Your kernel does not support CPU CFS scheduler. CPU period/quota discarded."
	if r.CPUPeriod != 0 && r.CPUQuota != 0 && !k.CFS {
		r.CPUPeriod = 0 // one warning for both
	}
	drop(f, k.CFS, &r.CPUPeriod, cfs)
	drop(f, k.CFS, &r.CPUQuota, cfs)
	const cpuset = "Your kernel does not support cpuset" + notMounted + "Cpuset discarded."
	if r.CpusetCpus != "" && r.CpusetMems != "" && !k.Cpuset {
		r.CpusetMems = ""
	}
	drop(f, k.Cpuset, &r.CpusetCpus, cpuset)
	drop(f, k.Cpuset, &r.CpusetMems, cpuset)
}

func (f *fitting) blocks(k Kernel) {
	r := f.r
	drop(f, k.Weight, &r.BlkioWeight, "Your kernel does not support Block I/O weight"+notMounted+"Weight discarded.")
	drop(f, k.WeightDevice, &r.BlkioWeightDevice, "Your kernel does not support Block I/O weight_device"+notMounted+"Weight-device discarded.")
	drop(f, k.ReadBps, &r.DeviceReadBps, "Your kernel does not support BPS Block I/O read limit"+notMounted+"Block I/O BPS read limit discarded.")
	drop(f, k.WriteBps, &r.DeviceWriteBps, "Your kernel does not support BPS Block I/O write limit"+notMounted+"Block I/O BPS write limit discarded.")
	drop(f, k.ReadIOps, &r.DeviceReadIOps, "Your kernel does not support IOPS Block read limit"+notMounted+"Block I/O IOPS read limit discarded.")
	drop(f, k.WriteIOps, &r.DeviceWriteIOps, "Your kernel does not support IOPS Block write limit"+notMounted+"Block I/O IOPS write limit discarded.")
}

// refuse says what no container may run without.
func (f *fitting) refuse(k Kernel) error {
	r := f.r
	switch {
	case r.NanoCPUs > int64(k.Processors)*1e9:
		return errs.New(errs.Invalid, "Range of CPUs is from 0.01 to %d.00, as there are only %d CPUs available", k.Processors, k.Processors)
	case r.NanoCPUs > 0 && !k.CFS:
		return errs.New(errs.Unsupported, "NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted")
	case (r.CPURealtimePeriod != 0 || r.CPURealtimeRuntime != 0) && !k.Realtime:
		return errs.New(errs.Unsupported, "Your kernel does not support CPU real-time scheduler: it needs CONFIG_RT_GROUP_SCHED and cgroup v1")
	case !within(r.CpusetCpus, k.Cpus):
		return errs.New(errs.Invalid, "Requested CPUs are not available - requested %s, available: %s", r.CpusetCpus, k.Cpus)
	case !within(r.CpusetMems, k.Mems):
		return errs.New(errs.Invalid, "Requested memory nodes are not available - requested %s, available: %s", r.CpusetMems, k.Mems)
	case len(r.Unified) > 0 && !k.CgroupV2:
		return errs.New(errs.Unsupported, "--cgroup-conf: this host has cgroup v1: settings by file exist on cgroup v2 only")
	case (r.RdtClass != "" || r.RdtL3 != "") && !k.Rdt:
		return errs.New(errs.Unsupported, "Intel RDT: this host has no resctrl: it needs a processor with RDT (or AMD QoS), CONFIG_X86_CPU_RESCTRL and mount -t resctrl resctrl /sys/fs/resctrl")
	case r.RdtL3 != "" && !k.RdtL3:
		return errs.New(errs.Unsupported, "Intel RDT: this processor cannot divide its L3 cache: there is no /sys/fs/resctrl/info/L3")
	}
	return nil
}

// within reports whether every number of list is in all; an empty all is
// unknown and holds everything.
func within(list, all string) bool {
	if list == "" || all == "" {
		return true
	}
	have := Numbers(all)
	for _, n := range Numbers(list) {
		if !slices.Contains(have, n) {
			return false
		}
	}
	return true
}

// Numbers reads a list as 0-3,5: cpuset(7), "List format". What is no number is
// left out, and a list has 65536 at most.
func Numbers(list string) []int {
	var out []int
	for part := range strings.SplitSeq(list, ",") {
		low, high, isRange := strings.Cut(part, "-")
		if !isRange {
			high = low
		}
		a, err1 := strconv.Atoi(low)
		b, err2 := strconv.Atoi(high)
		if err1 != nil || err2 != nil {
			continue
		}
		for n := a; n <= b && len(out) < 1<<16; n++ {
			out = append(out, n)
		}
	}
	return out
}
