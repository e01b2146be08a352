package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/image"
)

// commitCommand is the part of pouch-run commit that has to do with images: that
// program does not link what makes them.
func commitCommand() *cli.Command {
	return &cli.Command{
		Name:      "commit",
		Usage:     "make an image of a container that is at rest: see pouch-run commit",
		ArgsUsage: "ID [NAME[:TAG]]",
		Hidden:    true,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "author"},
			&cli.StringFlag{Name: "message"},
			&cli.StringSliceFlag{Name: "change", KeepSpace: true},
		},
		Action: commit,
	}
}

func commit(c *cli.Context) error {
	args, err := cmd.Args(c, 1, 2)
	if err != nil {
		return err
	}
	if err := cmd.UTF8(c); err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	defer m.Close()
	name := ""
	if len(args) > 1 {
		name = args[1]
	}
	o := image.CommitOpts{Author: c.String("author"), Comment: c.String("message"), Changes: c.StringSlice("change")}
	img, err := m.Commit(c.Context, args[0], name, o)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.App.Writer, img.ID)
	return nil
}
