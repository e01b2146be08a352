package main

import (
	"time"

	"github.com/docker/go-units"
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// snapshotRow is a snapshot as ls prints it.
type snapshotRow struct {
	Name    string
	Volume  string
	Driver  string
	Created string
	Size    string
	Status  string // creating, processing, ready, removing
	Handle  string
}

func snapshotLs() *cli.Command {
	return &cli.Command{
		Name:    "ls",
		Aliases: []string{"list"},
		Usage:   "list snapshots",
		Flags:   cmd.ListFlags(),
		Action: func(c *cli.Context) error {
			if _, err := cmd.Args(c, 0, 0); err != nil {
				return err
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			list, broken, err := m.Snapshots()
			if err != nil {
				return err
			}
			for _, b := range broken {
				cmd.Warn(c, b)
			}
			var rows []snapshotRow
			for _, s := range list {
				rows = append(rows, snapshotRow{
					s.Name, s.Volume, s.Driver, units.HumanDuration(time.Since(s.Created)) + " ago", cmd.HumanSize(s.Size), snapshotStatus(s), s.Handle,
				})
			}
			return cmd.List(c, cmd.Listing{Table: "{{.Name}}\t{{.Volume}}\t{{.Created}}\t{{.Size}}\t{{.Status}}", Quiet: "{{.Name}}"}, rows)
		},
	}
}

func snapshotStatus(s *record.Snapshot) string {
	switch {
	case s.Removing:
		return "removing"
	case !s.Made:
		return "creating"
	case !s.Ready:
		return "processing"
	}
	return "ready"
}
