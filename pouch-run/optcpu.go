package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// cpuFlags are limits of processors; update can change all.
func cpuFlags() []cli.Flag {
	return []cli.Flag{
		text("cpus", "`NUMBER` of processors, as 1.5"),
		&cli.Uint64Flag{Name: "cpu-shares", Aliases: []string{"c"}, Usage: "`WEIGHT` against other containers", DefaultText: "1024"},
		&cli.Uint64Flag{Name: "cpu-period", Usage: "period of the scheduler, `MICROSECONDS`", DefaultText: "100000"},
		&cli.Int64Flag{Name: "cpu-quota", Usage: "time of each period, `MICROSECONDS`; -1: no limit", DefaultText: "no limit"},
		&cli.Uint64Flag{Name: "cpu-rt-period", Usage: "period of the real-time scheduler, `MICROSECONDS` (cgroup v1)", DefaultText: "1000000"},
		&cli.Int64Flag{Name: "cpu-rt-runtime", Usage: "real time of each period, `MICROSECONDS` (cgroup v1)", DefaultText: "none"},
		text("cpuset-cpus", "processors to run on, `LIST` as 0-3,5"),
		text("cpuset-mems", "memory nodes to use, `LIST` as 0,1"),
	}
}

// readCPU reads the limits of processors.
func readCPU(c *cli.Context, o *container.Options) error { return readCPULimits(c, &o.Host.Resources) }

// readCPULimits reads cpuFlags that are given over r.
func readCPULimits(c *cli.Context, r *record.Resources) error {
	given(c, "cpu-shares", &r.CPUShares, c.Uint64)
	given(c, "cpu-period", &r.CPUPeriod, c.Uint64)
	given(c, "cpu-quota", &r.CPUQuota, c.Int64)
	given(c, "cpu-rt-period", &r.CPURealtimePeriod, c.Uint64)
	given(c, "cpu-rt-runtime", &r.CPURealtimeRuntime, c.Int64)
	r.CPUQuota = max(r.CPUQuota, 0)
	return firstError(
		set(c, "cpus", &r.NanoCPUs, parse.CPUs),
		setAny(c, "cpuset-cpus", &r.CpusetCpus, parse.Cpuset),
		setAny(c, "cpuset-mems", &r.CpusetMems, parse.Cpuset),
	)
}

// given reads a number that is given into *to.
func given[T any](c *cli.Context, flag string, to *T, read func(string) T) {
	if c.IsSet(flag) {
		*to = read(flag)
	}
}

// setAny is set, an empty text included.
func setAny[T any](c *cli.Context, flag string, to *T, read func(string) (T, error)) (err error) {
	if c.IsSet(flag) {
		*to, err = read(c.String(flag))
		err = flagged(flag, c.String(flag), err)
	}
	return err
}
