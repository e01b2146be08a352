package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func rm() *cli.Command {
	return &cli.Command{
		Name:      "rm",
		Aliases:   []string{"remove"},
		Usage:     "remove volumes that no container mounts, with their data",
		ArgsUsage: "VOLUME…",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "a missing volume is no error; remove one without a record too"},
		},
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
				return m.Remove(c.Context, name, c.Bool("force"))
			})
		},
	}
}
