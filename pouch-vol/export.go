package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func export() *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "export the contents of a volume as a tar stream",
		ArgsUsage: "VOLUME",
		Flags:     []cli.Flag{cmd.OutputFlag()},
		Action: func(c *cli.Context) error {
			args, err := cmd.Args(c, 1, 1)
			if err != nil {
				return err
			}
			out, err := cmd.OutputFile(c)
			if err != nil {
				return err
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			if out == "" {
				return m.Export(c.Context, args[0], c.App.Writer)
			}
			return m.ExportFile(c.Context, args[0], out)
		},
	}
}
