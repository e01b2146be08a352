package main

import (
	"path"
	"runtime"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

// readLimits reads the limits of memory and processes.
func readLimits(c *cli.Context, o *container.Options) error {
	r := &o.Host.Resources
	err := firstError(
		set(c, "memory", &r.Memory, parse.Memory),
		set(c, "memory-swap", &r.MemorySwap, parse.MemorySwap),
		set(c, "memory-reservation", &r.MemoryReservation, parse.Memory),
	)
	if err != nil {
		return err
	}
	switch {
	case r.MemorySwap > 0 && r.Memory == 0:
		return errs.New(errs.Invalid, "You should always set the Memory limit when using Memoryswap limit, see usage")
	case r.MemorySwap > 0 && r.MemorySwap < r.Memory:
		return errs.New(errs.Invalid, "Minimum memoryswap limit should be larger than memory limit, see usage")
	case r.Memory > 0 && r.MemoryReservation > r.Memory:
		return errs.New(errs.Invalid, "Minimum memory limit can not be less than memory reservation limit, see usage")
	}
	r.OOMKillDisable = c.Bool("oom-kill-disable")
	if n := c.Int64("pids-limit"); n > 0 {
		r.PidsLimit = n
	}
	if c.IsSet("oom-score-adj") {
		n := c.Int("oom-score-adj")
		if n < -1000 || n > 1000 {
			return errs.New(errs.Invalid, "Invalid value %d, range for oom score adj is [-1000, 1000]", n)
		}
		o.Host.OOMScoreAdj = &n
	}
	return nil
}

// readCPU reads the limits of processors.
func readCPU(c *cli.Context, o *container.Options) error {
	r := &o.Host.Resources
	r.CPUShares, r.CPUPeriod, r.CPUQuota = c.Uint64("cpu-shares"), c.Uint64("cpu-period"), c.Int64("cpu-quota")
	err := firstError(
		set(c, "cpus", &r.NanoCPUs, parse.CPUs),
		set(c, "cpuset-cpus", &r.CpusetCpus, parse.Cpuset),
		set(c, "cpuset-mems", &r.CpusetMems, parse.Cpuset),
	)
	n := int64(runtime.NumCPU())
	switch {
	case err != nil:
		return err
	case r.NanoCPUs > n*1e9:
		return errs.New(errs.Invalid, "Range of CPUs is from 0.01 to %d.00, as there are only %d CPUs available", n, n)
	case r.NanoCPUs > 0 && r.CPUPeriod > 0:
		return errs.New(errs.Invalid, "Conflicting options: Nano CPUs and CPU Period cannot both be set")
	case r.NanoCPUs > 0 && r.CPUQuota > 0:
		return errs.New(errs.Invalid, "Conflicting options: Nano CPUs and CPU Quota cannot both be set")
	case r.CPUPeriod != 0 && (r.CPUPeriod < 1000 || r.CPUPeriod > 1000000):
		return errs.New(errs.Invalid, "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)")
	case r.CPUQuota > 0 && r.CPUQuota < 1000:
		return errs.New(errs.Invalid, "CPU cfs quota can not be less than 1ms (i.e. 1000)")
	}
	return nil
}

// readNamespaces reads which namespaces are the host's, and settings of those
// that are the container's.
func readNamespaces(c *cli.Context, o *container.Options) error {
	h := &o.Host
	return firstError(
		set(c, "cgroup-parent", &h.CgroupParent, cgroupParent),
		set(c, "pid", &h.PidMode, oneOf("pid", "host", "private")),
		set(c, "ipc", &h.IpcMode, oneOf("ipc", "private", "none", "host")),
		set(c, "uts", &h.UtsMode, oneOf("uts", "host", "private")),
		set(c, "cgroupns", &h.CgroupnsMode, oneOf("cgroupns", "host", "private")),
		each(c, "sysctl", func(s string) error {
			k, v, err := parse.Sysctl(s)
			if err != nil {
				return err
			}
			if h.Sysctls == nil {
				h.Sysctls = map[string]string{}
			}
			h.Sysctls[k] = v
			return nil
		}),
	)
}

// cgroupParent makes the parent absolute below each hierarchy's root, which
// itself is refused: a container's cgroup would stand among the host's.
func cgroupParent(s string) (string, error) {
	p := path.Join("/", s)
	if p == "/" || strings.ContainsRune(s, 0) || strings.Contains(s, "..") || strings.Contains(s, ":") {
		return "", errs.New(errs.Invalid, "--cgroup-parent %s: give the path of a cgroup, as /my/group", s)
	}
	return p, nil
}
