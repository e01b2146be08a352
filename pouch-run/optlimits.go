package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// limitFlags are limits of memory and processes.
func limitFlags() []cli.Flag {
	return append(memoryFlags(),
		text("memory-swappiness", "how readily its memory is swapped out, `NUMBER` from 0 to 100 (cgroup v1)"),
		text("kernel-memory", "limit of the kernel's memory, `SIZE` (cgroup v1, before Linux 5.16)"),
		flag("oom-kill-disable", "stop instead of killing at the limit of memory (cgroup v1)"),
		&cli.IntFlag{Name: "oom-score-adj", Usage: "how likely the kernel kills it when memory is short, `SCORE` from -1000 to 1000"},
	)
}

// memoryFlags are those limits that update can change.
func memoryFlags() []cli.Flag {
	return []cli.Flag{
		text("memory", "limit of memory, `SIZE` (least: 6m)", "m"),
		text("memory-swap", "limit of memory and swap together, `SIZE`; -1: no limit of swap (default: twice the memory)"),
		text("memory-reservation", "`SIZE` of memory that is left to the container when memory is short"),
		&cli.Int64Flag{Name: "pids-limit", Usage: "`NUMBER` of processes and threads; -1: no limit", DefaultText: "no limit"},
	}
}

// readLimits reads the limits of memory and processes.
func readLimits(c *cli.Context, o *container.Options) error {
	r := &o.Host.Resources
	err := firstError(
		readMemory(c, r),
		set(c, "memory-swappiness", &r.MemorySwappiness, parse.Swappiness),
		set(c, "kernel-memory", &r.KernelMemory, parse.KernelMemory),
	)
	if err != nil {
		return err
	}
	r.OOMKillDisable = c.Bool("oom-kill-disable")
	if c.IsSet("oom-score-adj") {
		n := c.Int("oom-score-adj")
		if n < -1000 || n > 1000 {
			return errs.New(errs.Invalid, "Invalid value %d, range for oom score adj is [-1000, 1000]", n)
		}
		o.Host.OOMScoreAdj = &n
	}
	return nil
}

// readMemory reads memoryFlags that are given over r.
func readMemory(c *cli.Context, r *record.Resources) error {
	if c.IsSet("pids-limit") {
		r.PidsLimit = max(c.Int64("pids-limit"), 0)
	}
	return firstError(
		set(c, "memory", &r.Memory, parse.Memory),
		set(c, "memory-swap", &r.MemorySwap, parse.MemorySwap),
		set(c, "memory-reservation", &r.MemoryReservation, parse.Memory),
	)
}
