package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/image"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

func importCommand() *cli.Command {
	return &cli.Command{
		Name:      "import",
		Usage:     "make an image of the root filesystem in a tar archive; prints its id",
		ArgsUsage: "FILE|- [NAME[:TAG]]",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "change", Aliases: []string{"c"}, KeepSpace: true, Usage: "apply a `LINE` of a Dockerfile: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR"},
			&cli.StringFlag{Name: "message", Aliases: []string{"m"}, Usage: "`TEXT` for the history"},
			maxLayerFlag(),
			&cli.StringFlag{Name: "platform", Usage: "`OS/ARCH[/VARIANT]` that the files are for (default: this machine's)"},
		},
		Action: importImage,
	}
}

func importImage(c *cli.Context) error {
	args, err := cmd.Args(c, 1, 2)
	if err != nil {
		return err
	}
	if strings.HasPrefix(args[0], "http://") || strings.HasPrefix(args[0], "https://") {
		return errs.New(errs.Unsupported, "import %s: fetch it with a program for that, as in curl -fL URL | pouch-image import - NAME", args[0])
	}
	if err := cmd.UTF8Flags(c); err != nil {
		return err
	}
	o := image.ImportOpts{Message: c.String("message"), Changes: c.StringSlice("change")}
	if o.Arch, o.Variant, err = registry.Platform(c.String("platform")); err != nil {
		return err
	}
	in := os.Stdin
	if args[0] != "-" {
		if in, err = os.Open(args[0]); err != nil {
			return err
		}
		defer in.Close()
	}
	m, err := boundedManager(c)
	if err != nil {
		return err
	}
	defer m.Close()
	img, err := m.Import(c.Context, in, strings.Join(args[1:], ""), o)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.App.Writer, img.ID)
	return err
}
