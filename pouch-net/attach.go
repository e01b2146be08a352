package main

import (
	"encoding/json"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/network"
)

func attach() *cli.Command {
	return &cli.Command{
		Name:      "attach",
		Usage:     "join any network namespace to a network and print what it got, as a CNI result",
		ArgsUsage: "NETWORK",
		Flags: slices.Concat(netnsFlags(), joinFlags(), []cli.Flag{
			&cli.StringFlag{Name: "interface", Usage: "`NAME` inside; without, the first free ethN"},
		}),
		Action: func(c *cli.Context) error {
			args, err := cmd.Args(c, 1, 1)
			if err != nil {
				return err
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			o := network.AttachOpts{Iface: c.String("interface")}
			if o.Join, err = readJoin(c, args[0]); err != nil {
				return err
			}
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
