package main

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/image"
)

func pruneCommand() *cli.Command {
	return &cli.Command{
		Name:  "prune",
		Usage: "remove untagged images that no container uses",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "remove unused images with a tag too"},
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "do not ask"},
			&cli.StringSliceFlag{Name: "filter", Usage: "`KEY=VALUE` of until, label, label!"},
		},
		Action: prune,
	}
}

func prune(c *cli.Context) error {
	if _, err := cmd.Args(c, 0, 0); err != nil {
		return err
	}
	keep, err := image.PruneFilter(c.StringSlice("filter"), time.Now())
	if err != nil {
		return err
	}
	question := "This removes all images without a tag that no container was made from."
	if c.Bool("all") {
		question = "This removes all images that no container was made from."
	}
	if err := cmd.Confirm(c, question); err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	defer m.Close()
	p, err := m.Prune(c.Context, c.Bool("all"), keep)
	if p == nil {
		return err
	}
	for _, n := range p.Untagged {
		fmt.Fprintln(c.App.Writer, "Untagged:", n)
	}
	for _, d := range p.Deleted {
		fmt.Fprintln(c.App.Writer, "Deleted:", d)
	}
	fmt.Fprintf(c.App.ErrWriter, "Total reclaimed space: %s\n", cmd.HumanSize(p.Freed))
	return err
}
