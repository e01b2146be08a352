package main

import (
	"errors"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func updateCommand() *cli.Command {
	return &cli.Command{
		Name:      "update",
		Usage:     "change limits, restart policy, labels and environment of containers",
		ArgsUsage: "CONTAINER…",
		Description: "Limits, restart policy and labels change at once, also while the container runs; 0 lifts a limit,\n" +
			"as does an empty list of processors or memory nodes. Environment and annotations count from the next start on.",
		Flags:  updateFlags(),
		Action: update,
	}
}

func updateFlags() []cli.Flag {
	return slices.Concat(memoryFlags(), cpuFlags(), blkioFlags(), cgroupFileFlags(), []cli.Flag{
		text("restart", "`WHEN` to restart: no, always, unless-stopped or on-failure[:MAX]"),
		list("disk-quota", "other limits of disk space, as of run: `[PATH=]SIZE`; 0: none"),
		text("quota-id", "`NUMBER` of the project that is limited; -1: a new one for all"),
		list("label", "set label `KEY[=VALUE]`", "l"),
		list("label-rm", "remove label `KEY`"),
		list("annotation", "set annotation `KEY=VALUE` for the OCI runtime"),
		list("env", "set `KEY=VALUE`, or pass KEY from here", "e"),
		list("unsetenv", "remove `VARIABLE`"),
	})
}

func update(c *cli.Context) error {
	targets, err := cmd.Targets(c)
	if err != nil {
		return err
	}
	if c.NumFlags() == 0 {
		return errs.New(errs.Invalid, "update: no flag says what to change")
	}
	ch, err := change(c)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	return cmd.Each(c, targets, func(t string) error {
		warnings, err := m.Update(c.Context, t, ch)
		for _, w := range warnings {
			cmd.Warn(c, errors.New("warning: "+w))
		}
		return err
	})
}

// change reads the flags; those of limits twice, so that a wrong one is told once
// and before anything changes.
func change(c *cli.Context) (ch container.Change, err error) {
	ch.Limits = func(r *record.Resources) error {
		return firstError(readMemory(c, r), readCPULimits(c, r), readBlkioLimits(c, r), readCgroupFiles(c, r))
	}
	if c.IsSet("restart") {
		ch.Restart = &record.Restart{}
		if err := setAny(c, "restart", ch.Restart, parse.Restart); err != nil {
			return ch, err
		}
	}
	if err := changeDiskQuota(c, &ch); err != nil {
		return ch, err
	}
	ch.NoLabels = c.StringSlice("label-rm")
	err = firstError(
		ch.Limits(&record.Resources{}),
		collect(c, "env", &ch.Env, func(s string) (string, error) { return parse.Env(s, os.LookupEnv) }),
		collect(c, "unsetenv", &ch.Env, variableName),
	)
	if err != nil {
		return ch, err
	}
	if ch.Labels, err = parse.Labels(c.StringSlice("label")); err != nil {
		return ch, err
	}
	ch.Annotations, err = parse.Labels(c.StringSlice("annotation"))
	return ch, err
}
