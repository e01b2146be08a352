package main

import (
	"errors"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func exportCmdCommand() *cli.Command {
	return &cli.Command{
		Name:      "export-cmd",
		Usage:     "print the command, or the unit of systemd, that makes a container again",
		ArgsUsage: "CONTAINER",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "as", Value: "sh", Usage: "`FORM`: sh, a line for a shell, or systemd, a unit file"},
		},
		Action: exportCmd,
	}
}

func exportCmd(c *cli.Context) error {
	args, err := cmd.Args(c, 1, 1)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	text, warnings, err := m.ExportCmd(c.Context, args[0], c.String("as"))
	for _, w := range warnings {
		cmd.Warn(c, errors.New("warning: "+w))
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(c.App.Writer, text)
	return err
}
