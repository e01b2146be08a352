package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func untagCommand() *cli.Command {
	return &cli.Command{
		Name:      "untag",
		Usage:     "remove names from an image, but not the image",
		ArgsUsage: "IMAGE [NAME[:TAG]…]",
		Action:    untag,
	}
}

func untag(c *cli.Context) error {
	args, err := cmd.Args(c, 1, -1)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	defer m.Close()
	_, err = m.Untag(c.Context, args[0], args[1:])
	return err
}
