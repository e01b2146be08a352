package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func secretRmCommand() *cli.Command {
	return &cli.Command{
		Name:      "rm",
		Aliases:   []string{"remove"},
		Usage:     "remove stored secrets that no container names",
		ArgsUsage: "NAME…",
		Action:    secretRm,
	}
}

func secretRm(c *cli.Context) error {
	targets, err := cmd.Targets(c)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	return cmd.Each(c, targets, m.RemoveSecret)
}
