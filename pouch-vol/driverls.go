package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/csi"
	"github.com/pouchcontainer/pouch/pkg/plugin"
	"github.com/pouchcontainer/pouch/pkg/volume"
)

// driverTime bounds what ls waits for one driver.
const driverTime = 5 * time.Second

// driverRow is a driver as drivers prints it.
type driverRow struct {
	Driver       string // as --driver wants it
	Name         string // its own
	Version      string
	Status       string // ready, or why not
	Capabilities string
}

func drivers() *cli.Command {
	return &cli.Command{
		Name:      "drivers",
		Usage:     "list the drivers of volumes that are found on this host, or those that are named, and what they can do",
		ArgsUsage: "[DRIVER…]",
		Flags:     cmd.ListFlags(),
		Action: func(c *cli.Context) error {
			names := c.Args().Slice()
			if len(names) == 0 {
				var err error
				if names, err = foundDrivers(); err != nil {
					return err
				}
			}
			var rows []driverRow
			for _, n := range names {
				rows = append(rows, askDriver(c.Context, n))
			}
			return cmd.List(c, cmd.Listing{Table: "{{.Driver}}\t{{.Name}}\t{{.Version}}\t{{.Status}}\t{{.Capabilities}}", Quiet: "{{.Driver}}"}, rows)
		},
	}
}

// foundDrivers are the local driver, and those whose sockets lie where they are looked for.
func foundDrivers() ([]string, error) {
	out := []string{volume.Local}
	sockets, err := csi.Sockets()
	if err != nil {
		return nil, err
	}
	for name := range sockets {
		out = append(out, csi.Prefix+name)
	}
	slices.Sort(out[1:])
	plugins, err := plugin.List()
	if err != nil {
		return nil, err
	}
	return append(out, plugins...), nil
}

func askDriver(ctx context.Context, name string) driverRow {
	ctx, cancel := context.WithTimeout(ctx, driverTime)
	defer cancel()
	row := driverRow{Driver: name, Name: name, Status: "ready"}
	var err error
	switch {
	case name == volume.Local:
		row.Version = cmd.Version
	case strings.HasPrefix(name, csi.Prefix):
		var d *csi.Client
		if d, err = csiDriver(ctx, name); err == nil {
			err = d.Probe(ctx)
			row.Name, row.Version, row.Capabilities = d.Name, d.Version, strings.Join(d.Capabilities(), ",")
		}
	default:
		var p *plugin.Plugin
		if p, err = plugin.Find(name); err == nil {
			var list []string
			list, err = p.Activate(ctx)
			row.Capabilities = strings.Join(list, ",")
		}
	}
	if err != nil {
		row.Status = cmd.OneLine(err.Error())
	}
	return row
}
