package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/network"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

func create() *cli.Command {
	return &cli.Command{
		Name:      "create",
		Usage:     "create a network and print its id",
		ArgsUsage: "NETWORK",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "driver", Aliases: []string{"d"}, Value: network.Driver, Usage: "`DRIVER` that makes the network"},
			&cli.StringSliceFlag{Name: "subnet", Usage: "`CIDR`; without, the first free one"},
			&cli.StringSliceFlag{Name: "gateway", Usage: "`ADDRESS` of the host in a subnet; without, its first"},
			&cli.StringSliceFlag{Name: "ip-range", Usage: "part of a subnet, `CIDR`, from which containers get addresses"},
			&cli.StringSliceFlag{Name: "aux-address", Usage: "an address that no container gets, `NAME=ADDRESS`"},
			&cli.StringSliceFlag{Name: "route", Usage: "a route of the members, `DESTINATION,GATEWAY[,METRIC]`"},
			&cli.StringFlag{Name: "ipam-driver", Value: "default", Usage: "who gives addresses, `DRIVER`: default, or a plugin of docker's"},
			&cli.StringSliceFlag{Name: "ipam-opt", Usage: "option of that plugin, `KEY=VALUE`"},
			&cli.StringFlag{Name: "interface-name", Usage: "`NAME` of the bridge, with macvlan and ipvlan of the parent"},
			&cli.StringSliceFlag{Name: "dns", Usage: "`ADDRESS` of a server of names for the members"},
			&cli.BoolFlag{Name: "disable-dns", Usage: "members do not find each other by name"},
			&cli.BoolFlag{Name: "ignore", Usage: "a network of that name is no error"},
			&cli.BoolFlag{Name: "ipv4", Value: true, Usage: "with IPv4 addresses"},
			&cli.BoolFlag{Name: "internal", Usage: "nothing goes in from outside, nothing out"},
			&cli.BoolFlag{Name: "ipv6", Usage: "with IPv6 addresses too"},
			&cli.StringSliceFlag{Name: "opt", Aliases: []string{"o"}, Usage: "option of the driver, `KEY=VALUE`"},
			&cli.StringSliceFlag{Name: "label", Usage: "label `KEY[=VALUE]`"},
		},
		Action: func(c *cli.Context) error {
			if err := cmd.UTF8(c); err != nil {
				return err
			}
			o, err := createOpts(c)
			if err != nil {
				return err
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			n, err := m.Create(c.Context, o)
			if c.Bool("ignore") && errs.Is(err, errs.Conflict) {
				if was, gone := m.Inspect(o.Name); gone == nil && was.Name == o.Name {
					n, err = was, nil
				}
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(c.App.Writer, n.ID)
			return nil
		},
	}
}

// linkOption is the option that names the host's link of a driver's networks.
func linkOption(driver string) string {
	if driver == "macvlan" || driver == "ipvlan" {
		return "parent"
	}
	return network.OptBridgeName
}

func createOpts(c *cli.Context) (o network.CreateOpts, err error) {
	args, err := cmd.Args(c, 1, 1)
	if err != nil {
		return o, err
	}
	o = network.CreateOpts{
		Name: args[0], Driver: c.String("driver"),
		Subnets: c.StringSlice("subnet"), Gateways: c.StringSlice("gateway"), Ranges: c.StringSlice("ip-range"),
		Internal: c.Bool("internal"), IPv6: c.Bool("ipv6"), NoIPv4: !c.Bool("ipv4"),
		Routes: c.StringSlice("route"), DNS: c.StringSlice("dns"), NoNames: c.Bool("disable-dns"),
	}
	if d := c.String("ipam-driver"); d != "default" && d != "host-local" {
		o.IPAM = d
	}
	if o.IPAMOptions, err = parse.Labels(c.StringSlice("ipam-opt")); err != nil {
		return o, fmt.Errorf("--ipam-opt: %w", err)
	}
	if o.Reserved, err = parse.Labels(c.StringSlice("aux-address")); err != nil {
		return o, fmt.Errorf("--aux-address: %w", err)
	}
	if o.Options, err = parse.Labels(c.StringSlice("opt")); err != nil {
		return o, fmt.Errorf("--opt: %w", err)
	}
	if link := c.String("interface-name"); link != "" {
		if o.Options == nil {
			o.Options = map[string]string{}
		}
		o.Options[linkOption(o.Driver)] = link
	}
	o.Labels, err = parse.Labels(c.StringSlice("label"))
	return o, err
}
