package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/network"
)

func disconnect() *cli.Command {
	return &cli.Command{
		Name:      "disconnect",
		Usage:     "disconnect containers, running or not, from a network",
		ArgsUsage: "NETWORK CONTAINER…",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "take what is left of a container that is gone away too"},
		},
		Action: func(c *cli.Context) error {
			name := c.Args().First()
			return eachContainer(c, func(m *network.Manager, container string) error {
				err := m.Disconnect(c.Context, container, name)
				if c.Bool("force") && errs.Is(err, errs.NotFound) {
					return m.Evict(c.Context, name, container)
				}
				return err
			})
		},
	}
}
