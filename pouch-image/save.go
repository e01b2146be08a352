package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/image"
)

func saveCommand() *cli.Command {
	return &cli.Command{
		Name:      "save",
		Usage:     "write images as an archive",
		ArgsUsage: "IMAGE…",
		Flags: []cli.Flag{
			cmd.OutputFlag(),
			&cli.StringFlag{Name: "format", Value: image.DockerArchive, Usage: image.DockerArchive + " (as docker save) or " + image.OCIArchive},
		},
		Action: save,
	}
}

func save(c *cli.Context) error {
	targets, err := cmd.Targets(c)
	if err != nil {
		return err
	}
	out, err := cmd.OutputFile(c)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	defer m.Close()
	if out == "" {
		return m.Save(c.Context, targets, c.String("format"), c.App.Writer)
	}
	return m.SaveFile(c.Context, targets, c.String("format"), out)
}
