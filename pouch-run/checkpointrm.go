package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func checkpointRmCommand() *cli.Command {
	return &cli.Command{
		Name:      "rm",
		Aliases:   []string{"remove"},
		Usage:     "remove a checkpoint of a container",
		ArgsUsage: "CONTAINER CHECKPOINT",
		Flags:     []cli.Flag{checkpointDirFlag()},
		Action:    checkpointRm,
	}
}

func checkpointRm(c *cli.Context) error {
	args, err := cmd.Args(c, 2, 2)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	return m.RemoveCheckpoint(args[0], args[1], c.String("checkpoint-dir"))
}
