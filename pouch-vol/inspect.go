package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/volume"
)

func inspect() *cli.Command {
	return &cli.Command{
		Name:      "inspect",
		Usage:     "print all about volumes as a JSON array",
		ArgsUsage: "VOLUME…",
		Flags:     cmd.InspectFlags(),
		Action: func(c *cli.Context) error {
			targets, err := cmd.Targets(c)
			if err != nil {
				return err
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			return cmd.Inspect(c, targets, func(name string) (*volume.Info, error) { return m.Look(c.Context, name) })
		},
	}
}
