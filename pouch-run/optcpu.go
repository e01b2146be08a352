package main

import (
	"runtime"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

// cpuFlags are limits of processors.
func cpuFlags() []cli.Flag {
	return []cli.Flag{
		text("cpus", "`NUMBER` of processors, as 1.5"),
		&cli.Uint64Flag{Name: "cpu-shares", Aliases: []string{"c"}, Usage: "`WEIGHT` against other containers", DefaultText: "1024"},
		&cli.Uint64Flag{Name: "cpu-period", Usage: "period of the scheduler, `MICROSECONDS`", DefaultText: "100000"},
		&cli.Int64Flag{Name: "cpu-quota", Usage: "time of each period, `MICROSECONDS`", DefaultText: "no limit"},
		text("cpuset-cpus", "processors to run on, `LIST` as 0-3,5"),
		text("cpuset-mems", "memory nodes to use, `LIST` as 0,1"),
	}
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
