package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func inspect() *cli.Command {
	return &cli.Command{
		Name:      "inspect",
		Usage:     "print details of networks as a JSON array",
		ArgsUsage: "NETWORK…",
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
			return cmd.Inspect(c, targets, m.Info)
		},
	}
}
