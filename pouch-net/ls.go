package main

import (
	"time"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// row is a network as ls prints it; the names are docker's.
type row struct {
	CreatedAt time.Time
	Driver    string
	ID        string
	IPv6      bool
	Internal  bool
	Labels    string
	Name      string
	Scope     string
}

func ls() *cli.Command {
	return &cli.Command{
		Name:    "ls",
		Aliases: []string{"list"},
		Usage:   "list networks",
		Flags: append(cmd.ListFlags(), filterFlag(),
			&cli.BoolFlag{Name: "no-trunc", Usage: "print whole ids"}),
		Action: func(c *cli.Context) error {
			if _, err := cmd.Args(c, 0, 0); err != nil {
				return err
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			match, err := filters(m, c.StringSlice("filter"))
			if err != nil {
				return err
			}
			all, err := m.List()
			if err != nil {
				cmd.Warn(c, err) // the others are listed
			}
			foreign, err := m.CNI()
			if err != nil {
				cmd.Warn(c, err)
			}
			all = append(all, foreign...)
			return cmd.List(c, cmd.Listing{
				Table:    "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}",
				Quiet:    "{{.ID}}",
				Headings: map[string]string{"ID": "NETWORK ID"},
			}, rows(all, match, c.Bool("no-trunc")))
		},
	}
}

func rows(all []*record.Network, match func(*record.Network) bool, whole bool) []row {
	var out []row
	for _, n := range all {
		if !match(n) {
			continue
		}
		id := n.ID
		if !whole {
			id = cmd.ShortID(id)
		}
		out = append(out, row{n.Created, n.Driver, id, n.IPv6, n.Internal, cmd.Labels(n.Labels), n.Name, "local"})
	}
	return out
}
