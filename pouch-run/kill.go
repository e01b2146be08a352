package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

func killCommand() *cli.Command {
	return &cli.Command{
		Name:      "kill",
		Usage:     "send a signal to the main process of containers",
		ArgsUsage: "CONTAINER…",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "signal", Aliases: []string{"s"}, Value: "KILL", Usage: "`SIGNAL` by name or number"},
			cidFileFlag(),
		},
		Action: kill,
	}
}

func kill(c *cli.Context) error {
	targets, err := targetsOrFiles(c)
	if err != nil {
		return err
	}
	if _, err := parse.Signal(c.String("signal")); err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	return cmd.Each(c, targets, func(t string) error { return m.Kill(c.Context, t, c.String("signal")) })
}
