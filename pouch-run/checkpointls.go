package main

import (
	"time"

	"github.com/docker/go-units"
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

// checkpointRow is a checkpoint as ls prints it.
type checkpointRow struct {
	Name       string
	Created    time.Time
	CreatedAgo string
}

func checkpointLsCommand() *cli.Command {
	return &cli.Command{
		Name:      "ls",
		Aliases:   []string{"list"},
		Usage:     "list the checkpoints of a container",
		ArgsUsage: "CONTAINER",
		Flags:     append(cmd.ListFlags(), checkpointDirFlag()),
		Action:    checkpointLs,
	}
}

func checkpointLs(c *cli.Context) error {
	args, err := cmd.Args(c, 1, 1)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	list, err := m.Checkpoints(args[0], c.String("checkpoint-dir"))
	if err != nil {
		return err
	}
	var rows []checkpointRow
	for _, cp := range list {
		rows = append(rows, checkpointRow{cp.Name, cp.Created, units.HumanDuration(time.Since(cp.Created)) + " ago"})
	}
	return cmd.List(c, cmd.Listing{
		Table:    "{{.Name}}\t{{.CreatedAgo}}",
		Quiet:    "{{.Name}}",
		Headings: map[string]string{"Name": "CHECKPOINT NAME", "CreatedAgo": "CREATED"},
	}, rows)
}
