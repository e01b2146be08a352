package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func exists() *cli.Command {
	return &cli.Command{
		Name:      "exists",
		Usage:     "tell by the exit code whether there is a volume: 0 or 1",
		ArgsUsage: "VOLUME",
		Action: func(c *cli.Context) error {
			args, err := cmd.Args(c, 1, 1)
			if err != nil {
				return err
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			there, err := m.Exists(args[0])
			if err == nil && !there {
				return &cmd.ExitError{Code: 1}
			}
			return err
		},
	}
}
