package main

import (
	"fmt"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/image"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

func resolveCommand() *cli.Command {
	return &cli.Command{
		Name:      "resolve",
		Usage:     "print the full reference of a name by digest, as its registry has it now; with --trace who would be asked",
		ArgsUsage: "NAME[:TAG]",
		Flags: append(append(askFlags(), cmd.FormatFlag()),
			&cli.BoolFlag{Name: "trace", Usage: "list the mirrors and the registry that a pull asks, in turn, and ask none"},
		),
		Action: resolve,
	}
}

func resolve(c *cli.Context) error {
	args, err := cmd.Args(c, 1, 1)
	if err != nil {
		return err
	}
	if c.Bool("trace") {
		return trace(c, args[0])
	}
	ctx, cancel := deadline(c.Context, c.Duration("deadline"))
	defer cancel()
	locked, err := image.Lock(ctx, args, registryOptions(c))
	if err != nil {
		return err
	}
	pinned, err := locked[0].Pinned()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.App.Writer, pinned)
	return err
}

// askedRow is a line of --trace.
type askedRow struct{ Order, Reference, Kind, TLS, User string }

func trace(c *cli.Context, name string) error {
	asked, err := registry.Route(name, registryOptions(c))
	if err != nil {
		return err
	}
	var rows []askedRow
	for i, a := range asked {
		r := askedRow{Order: strconv.Itoa(i + 1), Reference: a.Reference, Kind: "registry", TLS: "verified", User: a.User}
		if a.Mirror {
			r.Kind = "mirror"
		}
		if a.Insecure {
			r.TLS = "not verified"
		}
		rows = append(rows, r)
	}
	return cmd.List(c, cmd.Listing{Table: "{{.Order}}\t{{.Reference}}\t{{.Kind}}\t{{.TLS}}\t{{.User}}"}, rows)
}
