package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/volume"
)

func prune() *cli.Command {
	return &cli.Command{
		Name:  "prune",
		Usage: "remove the anonymous volumes that no container mounts",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "remove unused volumes with a name too"},
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "do not ask"},
			filterFlag(),
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
			if err := cmd.Confirm(c, question(c.Bool("all"))); err != nil {
				return err
			}
			return pruneNow(c, m, match)
		},
	}
}

func question(all bool) string {
	if all {
		return "This removes all volumes that no container mounts, with their data."
	}
	return "This removes all anonymous volumes that no container mounts, with their data."
}

// pruneNow prints the names of those removed, one a line, also when it could
// not go on to the end.
func pruneNow(c *cli.Context, m *volume.Manager, match func(*volume.Info) bool) error {
	keep := func(v *volume.Info) bool { return !match(v) }
	removed, bytes, err := m.Prune(c.Context, c.Bool("all"), keep)
	for _, name := range removed {
		fmt.Fprintln(c.App.Writer, name)
	}
	fmt.Fprintf(c.App.ErrWriter, "Total reclaimed space: %s\n", cmd.HumanSize(bytes))
	return err
}
