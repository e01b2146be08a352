package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func prune() *cli.Command {
	return &cli.Command{
		Name:        "prune",
		Usage:       "remove the networks that no container uses",
		Description: "A network that a stopped container joins at its start is used. Prints the name of each that it has removed.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "do not ask"},
			&cli.StringSliceFlag{Name: "filter", Usage: "`KEY=VALUE`, as of ls"},
		},
		Action: func(c *cli.Context) error {
			if _, err := cmd.Args(c, 0, 0); err != nil {
				return err
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			match, err := filters(m, c.StringSlice("filter"))
			if err != nil {
				return err
			}
			if err := cmd.Confirm(c, "This removes all networks that no container uses."); err != nil {
				return err
			}
			removed, err := m.Prune(c.Context, func(n *record.Network) bool { return !match(n) })
			for _, name := range removed {
				fmt.Fprintln(c.App.Writer, name)
			}
			return err
		},
	}
}
