package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func detach() *cli.Command {
	return &cli.Command{
		Name:      "detach",
		Usage:     "detach a network namespace from networks",
		ArgsUsage: "NETWORK…",
		Flags:     netnsFlags(),
		Action: func(c *cli.Context) error {
			targets, err := cmd.Targets(c)
			if err != nil {
				return err
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			path, _, err := netns(c, m)
			if err != nil {
				return err
			}
			return cmd.Each(c, targets, func(n string) error { return m.Detach(c.Context, n, path) })
		},
	}
}
