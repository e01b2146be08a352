package main

import (
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func reload() *cli.Command {
	return &cli.Command{
		Name:      "reload",
		Usage:     "recreate links and packet rules, for example after the firewall was flushed",
		ArgsUsage: "[NETWORK | CONTAINER]…",
		Description: "Without a NETWORK the links of all are made anew; with a CONTAINER those of the networks that it is in. Tells of a firewall of this host that " +
			"Pouch cannot ask to let packets of networks pass.",
		Action: func(c *cli.Context) error {
			m, err := open(c)
			if err != nil {
				return err
			}
			if err := m.Reload(c.Context, c.Args().Slice()...); err != nil {
				return err
			}
			for _, w := range m.Obstacles() {
				cmd.Warn(c, errors.New(w))
			}
			return nil
		},
	}
}
