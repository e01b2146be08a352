package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

func startCommand() *cli.Command {
	return &cli.Command{
		Name:      "start",
		Usage:     "start stopped containers",
		ArgsUsage: "CONTAINER…",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "attach", Aliases: []string{"a"}, Usage: "stay until the container ends, with its output and its exit code"},
			&cli.BoolFlag{Name: "interactive", Aliases: []string{"i"}, Usage: "as --attach, with the standard input"},
			text("checkpoint", "continue the checkpoint of that `NAME` instead of beginning anew"),
			checkpointDirFlag(),
			&cli.BoolFlag{Name: "sig-proxy", Value: true, Usage: "with --attach: pass signals on to the container's process"},
			detachKeysFlag(),
		},
		Action: start,
	}
}

func start(c *cli.Context) error {
	targets, err := cmd.Targets(c)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	streams, err := attachedIO(c)
	if err != nil {
		return err
	}
	o := container.StartOpts{
		Attach: c.Bool("attach") || c.Bool("interactive"), Stdin: c.Bool("interactive"), SigProxy: c.Bool("sig-proxy"), IO: streams,
	}
	o.Checkpoint, o.CheckpointDir = c.String("checkpoint"), c.String("checkpoint-dir")
	if o.Checkpoint != "" && len(targets) > 1 {
		return errs.New(errs.Invalid, "you cannot restore multiple containers at once")
	}
	if o.Attach {
		o.IO.Preserve = preserver(c)
	}
	if !o.Attach {
		return cmd.Each(c, targets, func(t string) error {
			_, err := m.Start(c.Context, t, o)
			return err
		})
	}
	if len(targets) > 1 {
		return errs.New(errs.Invalid, "you cannot start and attach multiple containers at once")
	}
	return exitCode(m.Start(c.Context, targets[0], o))
}
