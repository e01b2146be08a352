package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func restartCommand() *cli.Command {
	return &cli.Command{
		Name:      "restart",
		Usage:     "stop containers and start them again",
		ArgsUsage: "CONTAINER…",
		Description: "A running container keeps its supervisor, addresses and published ports; one that does not run is\n" +
			"started.",
		Flags:  stopFlags(),
		Action: restart,
	}
}

func restart(c *cli.Context) error {
	targets, err := cmd.Targets(c)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	o := stopOpts(c)
	return cmd.Each(c, targets, func(t string) error { return m.Restart(c.Context, t, o) })
}
