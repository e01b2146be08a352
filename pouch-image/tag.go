package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func tagCommand() *cli.Command {
	return &cli.Command{
		Name:      "tag",
		Usage:     "add a name to an image",
		ArgsUsage: "IMAGE NAME[:TAG]",
		Action:    tag,
	}
}

func tag(c *cli.Context) error {
	args, err := cmd.Args(c, 2, 2)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	defer m.Close()
	return m.Tag(c.Context, args[0], args[1])
}
