package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/csi"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

// roomRow is a driver's room as capacity prints it.
type roomRow struct {
	Driver    string
	Available string
	Largest   string
	Smallest  string
	Bytes     int64 // available
}

func capacity() *cli.Command {
	return &cli.Command{
		Name:  "capacity",
		Usage: "tell how much room a CSI driver has for volumes with such options",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "driver", Aliases: []string{"d"}, Usage: "the `DRIVER`: csi:unix:///path"},
			&cli.StringSliceFlag{Name: "opt", Aliases: []string{"o"}, Usage: "option of the volume, `KEY=VALUE`, as for create"},
			cmd.FormatFlag(),
		},
		Action: func(c *cli.Context) error {
			if _, err := cmd.Args(c, 0, 0); err != nil {
				return err
			}
			name := c.String("driver")
			if !strings.HasPrefix(name, csi.Prefix) {
				return errs.New(errs.Invalid, "--driver: csi:unix:///path of a CSI driver expected: others tell no capacity")
			}
			opts, err := parse.Labels(c.StringSlice("opt"))
			if err != nil {
				return err
			}
			d, err := csiDriver(c.Context, name)
			if err != nil {
				return err
			}
			room, err := d.Capacity(c.Context, opts)
			if err != nil {
				return err
			}
			row := roomRow{name, cmd.HumanSize(room.Available), known(room.Largest), known(room.Smallest), room.Available}
			return cmd.List(c, cmd.Listing{Table: "{{.Driver}}\t{{.Available}}\t{{.Largest}}\t{{.Smallest}}"}, []roomRow{row})
		},
	}
}

func known(n int64) string {
	if n == 0 {
		return "-"
	}
	return cmd.HumanSize(n)
}
