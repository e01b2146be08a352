package main

import (
	"os"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/image"
)

func saveCommand() *cli.Command {
	return &cli.Command{
		Name:      "save",
		Usage:     "write images as an archive",
		ArgsUsage: "IMAGE…",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write `FILE` (default: standard output)"},
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
	out := c.String("output")
	if out == "" && term.IsTerminal(int(os.Stdout.Fd())) {
		return errs.New(errs.Invalid, "save: standard output is a terminal: give -o FILE, or redirect it")
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	defer m.Close()
	if out == "" || out == "-" {
		return m.Save(c.Context, targets, c.String("format"), c.App.Writer)
	}
	return m.SaveFile(c.Context, targets, c.String("format"), out)
}
