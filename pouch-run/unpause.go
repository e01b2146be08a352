package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func unpauseCommand() *cli.Command {
	return &cli.Command{
		Name:      "unpause",
		Usage:     "resume paused containers",
		ArgsUsage: "CONTAINER…",
		Action:    unpause,
	}
}

func unpause(c *cli.Context) error {
	targets, err := cmd.Targets(c)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	return cmd.Each(c, targets, func(t string) error { return m.Unpause(c.Context, t) })
}
