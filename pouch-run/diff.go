package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func diffCommand() *cli.Command {
	return &cli.Command{
		Name:      "diff",
		Usage:     "list changes to a container's filesystem: A added, C changed, D deleted",
		ArgsUsage: "CONTAINER",
		Action:    diff,
	}
}

func diff(c *cli.Context) error {
	args, err := cmd.Args(c, 1, 1)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	changes, err := m.Diff(c.Context, args[0])
	shown := cmd.Terminal(c.App.Writer)
	for _, ch := range changes {
		if shown { // the container has chosen the names
			ch.Path = cmd.OneLine(ch.Path)
		}
		fmt.Fprintf(c.App.Writer, "%c %s\n", ch.Kind, ch.Path)
	}
	return err
}
