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
		Usage:     "start containers that do not run",
		ArgsUsage: "CONTAINER…",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "attach", Aliases: []string{"a"}, Usage: "stay until the container ends, with its output and its exit code"},
			&cli.BoolFlag{Name: "interactive", Aliases: []string{"i"}, Usage: "as --attach, with the standard input"},
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
	o := container.StartOpts{Attach: c.Bool("attach") || c.Bool("interactive"), Stdin: c.Bool("interactive"), IO: standardIO()}
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
