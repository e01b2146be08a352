package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func peers() *cli.Command {
	return &cli.Command{
		Name:  "peers",
		Usage: "list, add and remove the other hosts of a vxlan network",
		Subcommands: []*cli.Command{
			{Name: "ls", Usage: "print the hosts, one a line", ArgsUsage: "NETWORK", Action: listPeers},
			{Name: "add", Usage: "add hosts, at once", ArgsUsage: "NETWORK ADDRESS…", Action: changePeers(true)},
			{Name: "rm", Usage: "remove hosts, at once", ArgsUsage: "NETWORK ADDRESS…", Action: changePeers(false)},
		},
	}
}

func listPeers(c *cli.Context) error {
	args, err := cmd.Args(c, 1, 1)
	if err != nil {
		return err
	}
	m, err := open(c)
	if err != nil {
		return err
	}
	all, err := m.Peers(args[0])
	for _, p := range all {
		fmt.Fprintln(c.App.Writer, p)
	}
	return err
}

func changePeers(add bool) cli.ActionFunc {
	return func(c *cli.Context) error {
		args, err := cmd.Args(c, 2, -1)
		if err != nil {
			return err
		}
		m, err := open(c)
		if err != nil {
			return err
		}
		if add {
			return m.AddPeers(c.Context, args[0], args[1:]...)
		}
		return m.RemovePeers(c.Context, args[0], args[1:]...)
	}
}
