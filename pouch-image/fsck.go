package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/image"
)

func fsckCommand() *cli.Command {
	return &cli.Command{
		Name:  "fsck",
		Usage: "verify every blob against its digest, and check that images are complete",
		Description: "Exit code 65 when something is broken. With --repair that is removed, with the names of the images that\n" +
			"need it, and the names that must be pulled again are printed.",
		Flags:  []cli.Flag{&cli.BoolFlag{Name: "repair", Usage: "remove what is broken, and what unfinished pulls have left"}},
		Action: fsck,
	}
}

func fsck(c *cli.Context) error {
	if _, err := cmd.Args(c, 0, 0); err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	defer m.Close()
	if !c.Bool("repair") {
		found, err := m.Check(c.Context)
		if err != nil {
			return err
		}
		report(c, found)
		if n := len(found.Problems); n > 0 {
			return errs.New(errs.Corrupt, "fsck: %d problems: --repair removes what is broken", n)
		}
		return nil
	}
	found, again, err := m.Repair(c.Context)
	if found != nil {
		report(c, found)
	}
	for _, name := range again {
		fmt.Fprintln(c.App.Writer, "removed, pull it again:", name)
	}
	return err
}

// report prints what was found, the sum last.
func report(c *cli.Context, found *image.Checked) {
	for _, p := range found.Problems {
		if p.Image != "" {
			fmt.Fprint(c.App.Writer, p.Image, ": ")
		}
		fmt.Fprintln(c.App.Writer, p.Text)
	}
	fmt.Fprintf(c.App.Writer, "%d images, %d blobs, %s; %d blobs, %s, of no image\n",
		found.Images, found.Blobs, cmd.HumanSize(found.Bytes), found.Orphans, cmd.HumanSize(found.Lost))
}
