package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func secretInspectCommand() *cli.Command {
	return &cli.Command{
		Name:      "inspect",
		Usage:     "print what is known of stored secrets, but for their content, as a JSON array",
		ArgsUsage: "NAME…",
		Flags:     cmd.InspectFlags(),
		Action:    secretInspect,
	}
}

func secretInspect(c *cli.Context) error {
	targets, err := cmd.Targets(c)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	return cmd.Inspect(c, targets, m.InspectSecret)
}
