package spec

import (
	"hash/fnv"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// Lxcfs returns the mounts that put the files, paths below the root dir of lxcfs,
// in the places that they have below a container's own root; those that the
// container has a mount of its own for are left out.
func Lxcfs(s *specs.Spec, dir string, files []string) []specs.Mount {
	var out []specs.Mount
	for _, f := range files {
		at := "/" + f
		if slices.ContainsFunc(s.Mounts, func(m specs.Mount) bool { return path.Clean(m.Destination) == at }) {
			continue
		}
		out = append(out, specs.Mount{
			Destination: at, Type: "bind", Source: path.Join(dir, f), Options: []string{"bind", "rprivate", "ro", "nosuid", "nodev", "noexec"},
		})
	}
	return out
}

// Pinned is what c's limits are with lxcfs, on a host that lets it run on cpus: a
// limit of processor time, rounded up to whole processors, chooses as many of
// them, unless c says itself where to run. No file tells a process how many it
// has: it asks sched_getaffinity(2). Which ones follows from c's id, so that
// containers spread.
func Pinned(c *record.Container, cpus []int) record.Resources {
	r := c.Host.Resources
	n := wholeCPUs(r)
	if !c.Host.Lxcfs || r.CpusetCpus != "" || n == 0 || n >= len(cpus) {
		return r
	}
	h := fnv.New32a()
	h.Write([]byte(c.ID)) // it never fails
	first := int(h.Sum32() % uint32(len(cpus)))
	var chosen []int
	for i := range n {
		chosen = append(chosen, cpus[(first+i)%len(cpus)])
	}
	slices.Sort(chosen)
	words := make([]string, n)
	for i, p := range chosen {
		words[i] = strconv.Itoa(p)
	}
	r.CpusetCpus = strings.Join(words, ",")
	return r
}

// wholeCPUs is the limit of processor time in processors, rounded up; 0: none.
func wholeCPUs(r record.Resources) int {
	if r.NanoCPUs > 0 {
		return int((r.NanoCPUs + 1e9 - 1) / 1e9)
	}
	period := int64(r.CPUPeriod)
	if period == 0 {
		period = cfsPeriod
	}
	if r.CPUQuota <= 0 {
		return 0
	}
	return int((r.CPUQuota + period - 1) / period)
}
