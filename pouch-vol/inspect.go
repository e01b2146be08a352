package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/volume"
)

func inspect() *cli.Command {
	return &cli.Command{
		Name:      "inspect",
		Usage:     "print details of volumes as a JSON array",
		ArgsUsage: "VOLUME…",
		Flags:     append(cmd.InspectFlags(), &cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "every volume"}),
		Action: func(c *cli.Context) error {
			m, err := open(c)
			if err != nil {
				return err
			}
			targets, err := targets(c, m)
			if err != nil {
				return err
			}
			return cmd.Inspect(c, targets, func(name string) (*volume.Info, error) { return m.Look(c.Context, name) })
		},
	}
}
