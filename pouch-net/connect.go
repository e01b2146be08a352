package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/network"
)

func connect() *cli.Command {
	return &cli.Command{
		Name:      "connect",
		Usage:     "connect containers, running or not, to a network",
		ArgsUsage: "NETWORK CONTAINER…",
		Flags: append(joinFlags(),
			&cli.StringSliceFlag{Name: "link", Hidden: true, Usage: "refused: see --alias"},
			&cli.StringFlag{Name: "interface-name", Usage: "`NAME` of the interface inside; without, the first free ethN"}),
		Action: func(c *cli.Context) error {
			if c.IsSet("link") {
				return errs.New(errs.Unsupported, "--link: names are the network's here, not one member's: give the other container an alias with --alias")
			}
			join, err := readJoin(c, c.Args().First())
			if err != nil {
				return err
			}
			if join.Interface = c.String("interface-name"); c.IsSet("interface-name") && join.Interface == "" {
				return errs.New(errs.Invalid, "--interface-name: give a name")
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
