package main

import "github.com/urfave/cli/v2"

func lxcfsStartCommand() *cli.Command {
	return &cli.Command{
		Name:  "start",
		Usage: "start lxcfs unless it runs; it stays until stop, also without a container",
		Action: func(c *cli.Context) error {
			v, err := lxcfsOf(c)
			if err != nil {
				return err
			}
			return v.Start(c.Context, true)
		},
	}
}
