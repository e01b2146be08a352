package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func pauseCommand() *cli.Command {
	return &cli.Command{
		Name:      "pause",
		Usage:     "pause all processes of containers",
		ArgsUsage: "CONTAINER…",
		Action:    pause,
	}
}

func pause(c *cli.Context) error {
	targets, err := cmd.Targets(c)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	return cmd.Each(c, targets, func(t string) error { return m.Pause(c.Context, t) })
}
