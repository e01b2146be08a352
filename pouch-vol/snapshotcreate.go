package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

func snapshotCreate() *cli.Command {
	return &cli.Command{
		Name:      "create",
		Usage:     "make a snapshot and print its name; an existing one of the volume is fine",
		ArgsUsage: "VOLUME SNAPSHOT",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "opt", Aliases: []string{"o"}, Usage: "`KEY=VALUE`: param.KEY for the driver, secret=FILE, timeout"},
		},
		Action: func(c *cli.Context) error {
			args, err := cmd.Args(c, 2, 2)
			if err != nil {
				return err
			}
			opts, err := parse.Labels(c.StringSlice("opt"))
			if err != nil {
				return fmt.Errorf("--opt: %w", err)
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			s, err := m.Snapshot(c.Context, args[0], args[1], opts)
			if err != nil {
				return err
			}
			if !s.Ready {
				fmt.Fprintln(c.App.ErrWriter, "The driver is still at it: volumes can be made of it when snapshot create says no more.")
			}
			fmt.Fprintln(c.App.Writer, s.Name)
			return nil
		},
	}
}
