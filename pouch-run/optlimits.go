package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

// limitFlags are limits of memory and processes.
func limitFlags() []cli.Flag {
	return []cli.Flag{
		text("memory", "limit of memory, `SIZE` (least: 6m)", "m"),
		text("memory-swap", "limit of memory and swap together, `SIZE`; -1: no limit of swap (default: twice the memory)"),
		text("memory-reservation", "`SIZE` of memory that is left to the container when memory is short"),
		&cli.Int64Flag{Name: "pids-limit", Usage: "`NUMBER` of processes and threads; -1: no limit", DefaultText: "no limit"},
		flag("oom-kill-disable", "stop instead of killing at the limit of memory (cgroup v1)"),
		&cli.IntFlag{Name: "oom-score-adj", Usage: "how likely the kernel kills it when memory is short, `SCORE` from -1000 to 1000"},
	}
}

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
