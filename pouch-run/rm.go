package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

func rmCommand() *cli.Command {
	return &cli.Command{
		Name:      "rm",
		Aliases:   []string{"remove"},
		Usage:     "remove containers",
		ArgsUsage: "CONTAINER…",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "kill running containers; a missing one is no error"},
			&cli.BoolFlag{Name: "volumes", Aliases: []string{"v"}, Usage: "remove the anonymous volumes, too"},
			cidFileFlag(),
		},
		Action: rm,
	}
}

func rm(c *cli.Context) error {
	targets, err := targetsOrFiles(c)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	o := container.RemoveOpts{Force: c.Bool("force"), Volumes: c.Bool("volumes")}
	return cmd.EachLine(c, targets, func(t string) (string, error) {
		err := m.Remove(c.Context, t, o)
		if o.Force && errs.Is(err, errs.NotFound) { // told, and no failure
			cmd.Warn(c, err)
			return "", nil
		}
		return t, err
	})
}
