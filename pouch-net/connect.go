package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/network"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func connect() *cli.Command {
	return &cli.Command{
		Name:      "connect",
		Usage:     "add a network to containers, running or not",
		ArgsUsage: "NETWORK CONTAINER…",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "ip", Usage: "IPv4 `ADDRESS`"},
			&cli.StringFlag{Name: "ip6", Usage: "IPv6 `ADDRESS`"},
			&cli.StringFlag{Name: "mac-address", Usage: "MAC `ADDRESS`"},
			&cli.StringSliceFlag{Name: "alias", Usage: "a further `NAME` for the other members"},
		},
		Action: func(c *cli.Context) error {
			join := record.Join{
				Network: c.Args().First(), IPv4: c.String("ip"), IPv6: c.String("ip6"),
				MAC: c.String("mac-address"), Aliases: c.StringSlice("alias"),
			}
			return eachContainer(c, func(m *network.Manager, container string) error {
				return m.Connect(c.Context, container, join)
			})
		},
	}
}

// eachContainer calls do for the containers behind the network's name.
func eachContainer(c *cli.Context, do func(*network.Manager, string) error) error {
	if _, err := cmd.Args(c, 2, -1); err != nil {
		return err
	}
	targets, err := cmd.Targets(c)
	if err != nil {
		return err
	}
	m, err := open(c)
	if err != nil {
		return err
	}
	return cmd.Each(c, targets[1:], func(t string) error { return do(m, t) })
}
