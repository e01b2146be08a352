package main

import (
	"time"

	"github.com/docker/go-units"
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
)

// secretRow is a secret as ls prints it.
type secretRow struct {
	Name       string
	Created    time.Time
	CreatedAgo string
	Size       int
	Labels     string
	UsedBy     int
}

func secretLsCommand() *cli.Command {
	return &cli.Command{
		Name:    "ls",
		Aliases: []string{"list"},
		Usage:   "list the stored secrets",
		Flags:   cmd.ListFlags(),
		Action:  secretLs,
	}
}

func secretLs(c *cli.Context) error {
	if _, err := cmd.Args(c, 0, 0); err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	list, broken, err := m.Secrets()
	if err != nil {
		return err
	}
	for _, b := range broken {
		cmd.Warn(c, b)
	}
	var rows []secretRow
	for _, s := range list {
		rows = append(rows, secretRowOf(s))
	}
	return cmd.List(c, cmd.Listing{
		Table:    "{{.Name}}\t{{.CreatedAgo}}\t{{.Size}}\t{{.UsedBy}}",
		Quiet:    "{{.Name}}",
		Headings: map[string]string{"CreatedAgo": "CREATED", "UsedBy": "CONTAINERS"},
	}, rows)
}

func secretRowOf(s *container.SecretInfo) secretRow {
	return secretRow{
		Name: s.Name, Created: s.Created, CreatedAgo: units.HumanDuration(time.Since(s.Created)) + " ago",
		Size: s.Size, Labels: cmd.Labels(s.Labels), UsedBy: len(s.UsedBy),
	}
}
