package hostfacts

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// Kernel reads which limits this host can keep. Each call asks the kernel.
func Kernel() spec.Kernel {
	h := cgroups{root: "/sys/fs/cgroup", v2: unified()}
	k := spec.Kernel{
		CgroupV2: h.v2, Swap: swapLimit(h.v2), Processors: runtime.NumCPU(),
		Rdt: exists("/sys/fs/resctrl/schemata"), RdtL3: exists("/sys/fs/resctrl/info/L3"),
	}
	if h.v2 {
		h.second(&k)
	} else {
		h.first(&k)
	}
	return k
}

// cgroups are where the hierarchies are mounted.
type cgroups struct {
	root string
	v2   bool
}

// second asks for the controllers of cgroup v2, which always have their files
// (cgroup-v2.rst); what v1 alone has is left out.
func (h cgroups) second(k *spec.Kernel) {
	have := strings.Fields(h.read("cgroup.controllers"))
	has := func(name string) bool { return slices.Contains(have, name) }
	k.Memory, k.Reservation = has("memory"), has("memory")
	k.Swap = k.Swap && k.Memory
	k.Pids, k.Cpuset = has("pids"), has("cpuset")
	k.Shares, k.CFS = has("cpu"), has("cpu")
	io := has("io")
	k.ReadBps, k.WriteBps, k.ReadIOps, k.WriteIOps = io, io, io, io
	k.Weight = io && (h.below("io.weight") || h.below("io.bfq.weight"))
	k.WeightDevice = io && h.below("io.bfq.weight")
	k.Cpus, k.Mems = h.read("cpuset.cpus.effective"), h.read("cpuset.mems.effective")
}

// first asks for the files of the controllers of cgroup v1.
func (h cgroups) first(k *spec.Kernel) {
	has := func(file string) bool { return exists(filepath.Join(h.root, file)) }
	k.Memory, k.Reservation = has("memory/memory.limit_in_bytes"), has("memory/memory.soft_limit_in_bytes")
	k.Swappiness, k.OOMKillDisable = has("memory/memory.swappiness"), has("memory/memory.oom_control")
	// Linux 5.16 and newer take the limit and forget it.
	k.KernelMemory = has("memory/memory.kmem.limit_in_bytes") && !kernelAtLeast(5, 16)
	k.Pids, k.Cpuset = has("pids/cgroup.procs"), has("cpuset/cpuset.cpus")
	k.Shares, k.CFS, k.Realtime = has("cpu/cpu.shares"), has("cpu/cpu.cfs_quota_us"), has("cpu/cpu.rt_runtime_us")
	const throttle = "blkio/blkio.throttle."
	k.ReadBps, k.WriteBps = has(throttle+"read_bps_device"), has(throttle+"write_bps_device")
	k.ReadIOps, k.WriteIOps = has(throttle+"read_iops_device"), has(throttle+"write_iops_device")
	bfq := has(bfqFile) // the root has no weight of bfq's, but its figures
	k.Weight = has("blkio/blkio.weight") || bfq
	k.WeightDevice = has("blkio/blkio.weight_device") || bfq && kernelAtLeast(5, 4)
	k.Cpus, k.Mems = h.read("cpuset/cpuset.cpus"), h.read("cpuset/cpuset.mems")
}

const bfqFile = "blkio/blkio.bfq.io_serviced"

// bfq reports whether the weight of block devices is bfq's.
func (h cgroups) bfq() bool {
	if h.v2 {
		return h.below("io.bfq.weight")
	}
	return exists(filepath.Join(h.root, bfqFile))
}

// below reports whether a file that the root of cgroup v2 does not have is in a
// group below it. Without a group that has the controller nobody knows, and the
// kernel will say.
func (h cgroups) below(file string) bool {
	groups, err := filepath.Glob(filepath.Join(h.root, "*", "io.max"))
	if err != nil || len(groups) == 0 {
		return true
	}
	return exists(filepath.Join(filepath.Dir(groups[0]), file))
}

func (h cgroups) read(file string) string {
	b, err := os.ReadFile(filepath.Join(h.root, file))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Limits is the part of Read that spec.Limits and spec.Changes need, for limits
// r in place of old ones. A device of r that is not there, or is no block device,
// is an error as of Read; one of old is left out.
func Limits(r record.Resources, old ...record.Resources) (spec.Host, error) {
	c := cgroups{root: "/sys/fs/cgroup", v2: unified()}
	h := spec.Host{CgroupV2: c.v2, SwapLimit: swapLimit(c.v2)}
	weighed := false
	for _, l := range old {
		blocks(&h, l) //nolint:errcheck // a device that is gone has no limit to lift
		weighed = weighed || weighs(l)
	}
	h.BFQ = (weighed || weighs(r)) && c.bfq()
	return h, blocks(&h, r)
}

func weighs(r record.Resources) bool { return r.BlkioWeight != 0 || len(r.BlkioWeightDevice) > 0 }
