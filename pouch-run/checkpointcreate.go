package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
)

func checkpointCreateCommand() *cli.Command {
	return &cli.Command{
		Name:      "create",
		Usage:     "write a checkpoint of a running container, which ends with that",
		ArgsUsage: "CONTAINER CHECKPOINT",
		Flags: []cli.Flag{
			flag("leave-running", "the container goes on"),
			flag("tcp-close", "open TCP connections are closed when it continues; without this they make it fail"),
			checkpointDirFlag(),
		},
		Action: checkpointCreate,
	}
}

func checkpointCreate(c *cli.Context) error {
	args, err := cmd.Args(c, 2, 2)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	o := container.CheckpointOpts{Dir: c.String("checkpoint-dir"), LeaveRunning: c.Bool("leave-running"), TCPClose: c.Bool("tcp-close")}
	if err := m.Checkpoint(c.Context, args[0], args[1], o); err != nil {
		return err
	}
	fmt.Fprintln(c.App.Writer, args[1])
	return nil
}
