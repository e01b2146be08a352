package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/image"
)

func mountCommand() *cli.Command {
	return &cli.Command{
		Name:      "mount",
		Usage:     "make the root of an image readable at a folder, and print that; without arguments list what is mounted",
		ArgsUsage: "[IMAGE [FOLDER]]",
		Description: "The folder is one of Pouch's unless it is given. It stays readable until unmount or until the machine goes\n" +
			"down, also when the image is removed. Nothing can be written there.",
		Flags:  cmd.ListFlags(),
		Action: mountImage,
	}
}

func mountImage(c *cli.Context) error {
	args, err := cmd.Args(c, 0, 2)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	defer m.Close()
	if len(args) == 0 {
		return listMounts(c, m)
	}
	folder := ""
	if len(args) > 1 {
		folder = args[1]
	}
	at, err := m.Mount(c.Context, args[0], folder)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.App.Writer, at.Folder)
	return err
}

// mountRow is a line of the list.
type mountRow struct{ ID, Image, Folder string }

func listMounts(c *cli.Context, m *image.Manager) error {
	mounts, err := m.Mounts(c.Context)
	if err != nil {
		return err
	}
	var rows []mountRow
	for _, at := range mounts {
		rows = append(rows, mountRow{cmd.ShortID(at.ID.Encoded()), at.Name, at.Folder})
	}
	return cmd.List(c, cmd.Listing{
		Table: "{{.ID}}\t{{.Image}}\t{{.Folder}}", Quiet: "{{.Folder}}", Headings: map[string]string{"ID": "IMAGE ID"},
	}, rows)
}
