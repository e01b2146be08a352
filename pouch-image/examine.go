package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

// examine prints what is known of an image where it is.
func examine(c *cli.Context, p registry.Place) error {
	if p.Transport == registry.Containerd {
		return errs.New(errs.Invalid, "inspect %s: give the name alone", p)
	}
	ctx, cancel := deadline(c.Context, c.Duration("deadline"))
	defer cancel()
	e := registry.End{Place: p, Options: registryOptions(c)}
	switch {
	case c.Bool("config"):
		return printRaw(ctx, c, e, registry.RawConfig)
	case c.Bool("raw"):
		return printRaw(ctx, c, e, registry.RawManifest)
	}
	out, err := registry.Examine(ctx, e, !c.Bool("no-tags"))
	if err != nil {
		return err
	}
	if c.String("format") == "" || c.String("format") == "json" {
		return printJSON(c, out)
	}
	return cmd.Inspect(c, []string{p.String()}, func(string) (*registry.Examined, error) { return out, nil })
}

func printRaw(ctx context.Context, c *cli.Context, e registry.End, read func(context.Context, registry.End) ([]byte, error)) error {
	data, err := read(ctx, e)
	if err != nil {
		return err
	}
	_, err = c.App.Writer.Write(data)
	return err
}
