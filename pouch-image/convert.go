package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/image"
)

func convertCommand() *cli.Command {
	return &cli.Command{
		Name:      "convert",
		Usage:     "make an image with the same files in other layers, or under another manifest; prints its digest",
		ArgsUsage: "IMAGE NAME[:TAG]",
		Flags: append(progressFlags(),
			maxLayerFlag(),
			&cli.StringFlag{Name: "to", Aliases: []string{"compress"}, Usage: "`KIND` of the layers: gzip, zstd, or with a table of contents estargz or zstd:chunked"},
			&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Usage: "`FORMAT` of the manifest: oci or v2s2, docker's"},
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "every platform of an index"},
		),
		Action: convert,
	}
}

func convert(c *cli.Context) error {
	args, err := cmd.Args(c, 2, 2)
	if err != nil {
		return err
	}
	cp, closeAll, err := copier(c)
	if err != nil {
		return err
	}
	defer closeAll()
	tell, done, err := progressOf(c)
	if err != nil {
		return err
	}
	d, err := cp.Convert(c.Context, args[0], args[1], image.Conversion{
		Format: c.String("format"), To: c.String("to"), All: c.Bool("all"), Tell: tell,
	})
	done()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.App.Writer, d)
	return err
}
