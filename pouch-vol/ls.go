package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/volume"
)

// row is a volume as ls prints it; the names are docker's.
type row struct {
	Driver     string
	Labels     volumeLabels
	Mountpoint string
	Name       string
	Scope      string
}

func ls() *cli.Command {
	return &cli.Command{
		Name:    "ls",
		Aliases: []string{"list"},
		Usage:   "list volumes",
		Flags:   append(cmd.ListFlags(), filterFlag("f")),
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
			vols, broken, err := m.List()
			if err != nil {
				return err
			}
			for _, b := range broken {
				cmd.Warn(c, b)
			}
			return cmd.List(c, cmd.Listing{
				Table:    "{{.Driver}}\t{{.Name}}",
				Quiet:    "{{.Name}}",
				Headings: map[string]string{"Name": "VOLUME NAME"},
			}, rows(vols, match))
		},
	}
}

func rows(vols []*volume.Info, match func(*volume.Info) bool) []row {
	var out []row
	for _, v := range vols {
		if match(v) {
			out = append(out, row{v.Driver, v.Labels, v.Mountpoint, v.Name, v.Scope})
		}
	}
	return out
}

// volumeLabels print as k=v,k=v.
type volumeLabels map[string]string

// String implements fmt.Stringer.
func (l volumeLabels) String() string { return cmd.Labels(l) }

// MarshalText makes the labels one string in JSON too, as docker does.
func (l volumeLabels) MarshalText() ([]byte, error) { return []byte(l.String()), nil } //nolint:unparam // encoding.TextMarshaler
