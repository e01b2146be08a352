package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func createCommand() *cli.Command {
	return cmd.Code125(&cli.Command{
		Name:      "create",
		Usage:     "create a container from an image without starting it, and print its id",
		ArgsUsage: "IMAGE [COMMAND] [ARG…]",
		Args:      true,
		Flags:     append(containerFlags(), dryRunFlag()),
		Action:    create,
	})
}

func create(c *cli.Context) error {
	o, err := options(c)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	if c.Bool("dry-run") {
		return dryRun(c, m, o)
	}
	id, err := m.Create(c.Context, o)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.App.Writer, id)
	return nil
}
