package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func existsCommand() *cli.Command {
	return &cli.Command{
		Name:      "exists",
		Usage:     "tell by the exit code whether an image is here: 0 or 1",
		ArgsUsage: "IMAGE",
		Action:    exists,
	}
}

func exists(c *cli.Context) error {
	args, err := cmd.Args(c, 1, 1)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	defer m.Close()
	there, err := m.Exists(c.Context, args[0])
	if err == nil && !there {
		return &cmd.ExitError{Code: 1}
	}
	return err
}
