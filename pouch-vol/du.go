package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/volume"
)

// useRow is a volume as du prints it.
type useRow struct {
	Name             string
	Driver           string
	Size             string
	Containers       int
	Reclaimable      string
	Bytes            int64 // -1: unknown
	ReclaimableBytes int64
}

func du() *cli.Command {
	return &cli.Command{
		Name:      "du",
		Usage:     "tell how much room volumes take, and how much prune --all would give back",
		ArgsUsage: "[VOLUME…]",
		Flags:     append(cmd.ListFlags(), filterFlag("f")),
		Action: func(c *cli.Context) error {
			m, err := open(c)
			if err != nil {
				return err
			}
			names, err := chosen(c, m)
			if err != nil {
				return err
			}
			rows, failed, err := uses(c, m, names)
			if err != nil {
				return err
			}
			err = cmd.List(c, cmd.Listing{Table: "{{.Name}}\t{{.Size}}\t{{.Containers}}\t{{.Reclaimable}}", Quiet: "{{.Name}}"}, rows)
			if err == nil && failed {
				err = &cmd.ExitError{Code: 1}
			}
			return err
		},
	}
}

// chosen are the volumes that the arguments name, or all, as --filter wants them.
func chosen(c *cli.Context, m *volume.Manager) ([]string, error) {
	match, err := filters(m, c.StringSlice("filter"))
	if err != nil {
		return nil, err
	}
	all, broken, err := m.List()
	if err != nil {
		return nil, err
	}
	named := c.Args().Slice()
	if len(named) == 0 {
		for _, b := range broken {
			cmd.Warn(c, b)
		}
	}
	out := slices.Clone(named)
	for _, v := range all {
		i := slices.Index(out, v.Name)
		switch {
		case len(named) == 0 && match(v):
			out = append(out, v.Name)
		case i >= 0 && !match(v):
			out = slices.Delete(out, i, i+1)
		}
	}
	return out, nil
}

func uses(c *cli.Context, m *volume.Manager, names []string) (rows []useRow, failed bool, err error) {
	users, err := m.AllUsers()
	if err != nil {
		return nil, false, err
	}
	for _, n := range names {
		u, err := m.Du(c.Context, n, users)
		if c.Context.Err() != nil {
			return nil, false, c.Context.Err()
		}
		if err != nil {
			cmd.Warn(c, err)
			failed = true
			continue
		}
		size := "N/A"
		if u.Size >= 0 {
			size = cmd.HumanSize(u.Size)
		}
		rows = append(rows, useRow{u.Name, u.Driver, size, u.Containers, cmd.HumanSize(u.Reclaimable), u.Size, u.Reclaimable})
	}
	return rows, failed, nil
}
