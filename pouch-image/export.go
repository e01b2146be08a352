package main

import (
	"os"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

func exportCommand() *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "write the root of an image, its layers put together, as one tar archive",
		ArgsUsage: "IMAGE",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write `FILE` (default: standard output)"},
		},
		Action: export,
	}
}

func export(c *cli.Context) error {
	args, err := cmd.Args(c, 1, 1)
	if err != nil {
		return err
	}
	out := c.String("output")
	if out == "" && term.IsTerminal(int(os.Stdout.Fd())) {
		return errs.New(errs.Invalid, "export: standard output is a terminal: give -o FILE, or redirect it")
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	defer m.Close()
	if out == "" || out == "-" {
		return m.Export(c.Context, args[0], c.App.Writer)
	}
	return m.ExportFile(c.Context, args[0], out)
}
