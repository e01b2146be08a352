package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
)

func pruneCommand() *cli.Command {
	return &cli.Command{
		Name:        "prune",
		Usage:       "remove all stopped containers",
		Description: "Prints the id of each that it has removed.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "do not ask"},
			&cli.StringSliceFlag{Name: "filter", Usage: "only those for which `KEY=VALUE` holds: until, label, label! and the others of ps"},
		},
		Action: prune,
	}
}

func prune(c *cli.Context) error {
	if _, err := cmd.Args(c, 0, 0); err != nil {
		return err
	}
	filters, err := container.ParseFilters(c.StringSlice("filter"))
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	if err := cmd.Confirm(c, "This removes all containers that do not run, with what they have written."); err != nil {
		return err
	}
	removed, err := m.Prune(c.Context, filters)
	for _, id := range removed {
		fmt.Fprintln(c.App.Writer, id)
	}
	return err
}
