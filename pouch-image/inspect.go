package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/image"
)

func inspectCommand() *cli.Command {
	return &cli.Command{
		Name:      "inspect",
		Usage:     "print all about images as a JSON array",
		ArgsUsage: "IMAGE…",
		Flags:     cmd.InspectFlags(),
		Action:    inspect,
	}
}

func inspect(c *cli.Context) error {
	targets, err := cmd.Targets(c)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	defer m.Close()
	return cmd.Inspect(c, targets, func(t string) (*image.Inspection, error) { return m.Inspect(c.Context, t) })
}
