package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/network"
)

func disconnect() *cli.Command {
	return &cli.Command{
		Name:      "disconnect",
		Usage:     "take a network away from containers, running or not",
		ArgsUsage: "NETWORK CONTAINER…",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "for docker's sake; changes nothing"},
		},
		Action: func(c *cli.Context) error {
			name := c.Args().First()
			return eachContainer(c, func(m *network.Manager, container string) error {
				return m.Disconnect(c.Context, container, name)
			})
		},
	}
}
