package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

func exists() *cli.Command {
	return &cli.Command{
		Name:      "exists",
		Usage:     "tell by the exit code whether there is a network: 0 or 1",
		ArgsUsage: "NETWORK",
		Action: func(c *cli.Context) error {
			args, err := cmd.Args(c, 1, 1)
			if err != nil {
				return err
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			if _, err = m.Inspect(args[0]); errs.Is(err, errs.NotFound) {
				return &cmd.ExitError{Code: 1}
			}
			return err
		},
	}
}
