package main

import (
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func waitCommand() *cli.Command {
	return &cli.Command{
		Name:      "wait",
		Usage:     "wait until containers have ended and print their exit codes",
		ArgsUsage: "CONTAINER…",
		Action:    wait,
	}
}

func wait(c *cli.Context) error {
	targets, err := cmd.Targets(c)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	return cmd.EachLine(c, targets, func(t string) (string, error) {
		code, err := m.Wait(c.Context, t)
		return strconv.Itoa(code), err
	})
}
