package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func exportCommand() *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "export a container's filesystem, without its volumes, as a tar stream",
		ArgsUsage: "CONTAINER",
		Flags:     []cli.Flag{cmd.OutputFlag()},
		Action:    export,
	}
}

func export(c *cli.Context) error {
	args, err := cmd.Args(c, 1, 1)
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
	if out == "" {
		return m.Export(c.Context, args[0], c.App.Writer)
	}
	return m.ExportFile(c.Context, args[0], out)
}
