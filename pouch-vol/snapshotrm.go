package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func snapshotRm() *cli.Command {
	return &cli.Command{
		Name:      "rm",
		Aliases:   []string{"remove"},
		Usage:     "remove snapshots; volumes that were made of them stay",
		ArgsUsage: "SNAPSHOT…",
		Flags:     []cli.Flag{&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "a missing snapshot is no error"}},
		Action: func(c *cli.Context) error {
			targets, err := cmd.Targets(c)
			if err != nil {
				return err
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			return cmd.Each(c, targets, func(name string) error {
				return m.RemoveSnapshot(c.Context, name, c.Bool("force"))
			})
		},
	}
}
