package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/network"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

func create() *cli.Command {
	return &cli.Command{
		Name:      "create",
		Usage:     "make a network and print its id",
		ArgsUsage: "NETWORK",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "driver", Aliases: []string{"d"}, Value: network.Driver, Usage: "`DRIVER` that makes the network"},
			&cli.StringSliceFlag{Name: "subnet", Usage: "`CIDR`; without, the first free one"},
			&cli.StringSliceFlag{Name: "gateway", Usage: "`ADDRESS` of the host in a subnet; without, its first"},
			&cli.StringSliceFlag{Name: "ip-range", Usage: "part of a subnet, `CIDR`, from which containers get addresses"},
			&cli.BoolFlag{Name: "internal", Usage: "nothing goes in from outside, nothing out"},
			&cli.BoolFlag{Name: "ipv6", Usage: "with IPv6 addresses too"},
			&cli.StringSliceFlag{Name: "opt", Aliases: []string{"o"}, Usage: "option of the driver, `KEY=VALUE`"},
			&cli.StringSliceFlag{Name: "label", Usage: "label `KEY[=VALUE]`"},
		},
		Action: func(c *cli.Context) error {
			o, err := createOpts(c)
			if err != nil {
				return err
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			n, err := m.Create(c.Context, o)
			if err != nil {
				return err
			}
			fmt.Fprintln(c.App.Writer, n.ID)
			return nil
		},
	}
}

func createOpts(c *cli.Context) (o network.CreateOpts, err error) {
	args, err := cmd.Args(c, 1, 1)
	if err != nil {
		return o, err
	}
	o = network.CreateOpts{
		Name: args[0], Driver: c.String("driver"),
		Subnets: c.StringSlice("subnet"), Gateways: c.StringSlice("gateway"), Ranges: c.StringSlice("ip-range"),
		Internal: c.Bool("internal"), IPv6: c.Bool("ipv6"),
	}
	if o.Options, err = parse.Labels(c.StringSlice("opt")); err != nil {
		return o, fmt.Errorf("--opt: %w", err)
	}
	o.Labels, err = parse.Labels(c.StringSlice("label"))
	return o, err
}
