package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

func gcCommand() *cli.Command {
	return &cli.Command{
		Name:      "gc",
		Usage:     "remove what crashes left behind",
		ArgsUsage: "[CONTAINER…]",
		Description: "Finds processes, cgroups, tasks, snapshots, network namespaces, links, rules, names, locks\n" +
			"and files that nothing needs any more, prints one line for each and removes them. With containers\n" +
			"given by their full id it settles those alone.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "check", Usage: "remove nothing; exit 1 when there is a leftover"},
			cmd.FormatFlag(),
		},
		Action: gc,
	}
}

func gc(c *cli.Context) error {
	m, err := manager(c)
	if err != nil {
		return err
	}
	if c.NArg() > 0 {
		for _, id := range c.Args().Slice() {
			if err := m.Reap(c.Context, id); err != nil {
				return err
			}
		}
		return nil
	}
	found, err := m.Leftovers(c.Context)
	if err != nil {
		return err
	}
	if !c.Bool("check") {
		if _, err := m.Clear(c.Context, found); err != nil {
			return err
		}
	}
	if err := printLeftovers(c, found); err != nil {
		return err
	}
	if c.Bool("check") && len(found) > 0 {
		return &cmd.ExitError{Code: 1}
	}
	return nil
}

func printLeftovers(c *cli.Context, found []container.Leftover) error {
	switch format := c.String("format"); format {
	case "json":
		return cmd.JSONLines(c.App.Writer, found)
	case "":
	default:
		return errs.New(errs.Invalid, "--format %s: gc knows json only", format)
	}
	for _, l := range found {
		fmt.Fprintf(c.App.Writer, "%s %s: %s\n", l.Kind, cmd.OneLine(l.Name), cmd.OneLine(l.Reason))
	}
	return nil
}
