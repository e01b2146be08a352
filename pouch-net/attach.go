package main

import (
	"encoding/json"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/network"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func attach() *cli.Command {
	return &cli.Command{
		Name:      "attach",
		Usage:     "join any network namespace to a network and print what it got, as a CNI result",
		ArgsUsage: "NETWORK",
		Flags: append(netnsFlags(),
			&cli.StringFlag{Name: "ip", Usage: "IPv4 `ADDRESS`"},
			&cli.StringFlag{Name: "ip6", Usage: "IPv6 `ADDRESS`"},
			&cli.StringFlag{Name: "mac-address", Usage: "MAC `ADDRESS`"},
			&cli.StringFlag{Name: "interface", Usage: "`ethN` inside; without, the first free one"},
			&cli.StringSliceFlag{Name: "alias", Usage: "a `NAME` for the other members"}),
		Action: func(c *cli.Context) error {
			args, err := cmd.Args(c, 1, 1)
			if err != nil {
				return err
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			o := network.AttachOpts{Iface: c.String("interface"), Join: record.Join{
				Network: args[0], IPv4: c.String("ip"), IPv6: c.String("ip6"),
				MAC: c.String("mac-address"), Aliases: c.StringSlice("alias"),
			}}
			if o.Netns, o.Container, err = netns(c, m); err != nil {
				return err
			}
			j, err := m.Attach(c.Context, o)
			if err != nil {
				return err
			}
			return json.NewEncoder(c.App.Writer).Encode(network.NewResult(j, o.Netns))
		},
	}
}
