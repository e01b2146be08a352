package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

func rm() *cli.Command {
	return &cli.Command{
		Name:      "rm",
		Aliases:   []string{"remove"},
		Usage:     "remove networks, unless somebody is in them",
		ArgsUsage: "NETWORK…",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "disconnect who is in it first; a missing network is no error"},
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
				if !c.Bool("force") {
					return m.Remove(c.Context, name)
				}
				if err := m.Empty(c.Context, name); err != nil && !errs.Is(err, errs.NotFound) && !errs.Is(err, errs.Corrupt) {
					return err
				}
				if err := m.Remove(c.Context, name); !errs.Is(err, errs.NotFound) {
					return err
				}
				return nil
			})
		},
	}
}
