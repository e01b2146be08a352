package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/image"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

func inspectCommand() *cli.Command {
	return &cli.Command{
		Name:      "inspect",
		Usage:     "print details of images, or of one that is not pulled, as a JSON array",
		ArgsUsage: "IMAGE… | TRANSPORT:PLACE",
		Description: "An image of a registry or an archive, docker://NAME, oci-archive:FILE and so on as with copy, is not pulled:\n" +
			"what is printed of it is one object, as skopeo prints it.",
		Flags: append(append(askFlags(), cmd.InspectFlags()...),
			&cli.BoolFlag{Name: "raw", Usage: "print the manifest or index as it is; with --config the image's config"},
			&cli.BoolFlag{Name: "config", Usage: "print the image's config"},
			&cli.BoolFlag{Name: "no-tags", Aliases: []string{"n"}, Usage: "leave out the repository's tags"},
			&cli.StringFlag{Name: "platform", Usage: "`OS/ARCH[/VARIANT]` to choose from an index (default: this machine's)"},
		),
		Action: inspect,
	}
}

func inspect(c *cli.Context) error {
	targets, err := cmd.Targets(c)
	if err != nil {
		return err
	}
	if len(targets) == 1 {
		p, err := registry.ParsePlace(targets[0])
		if err == nil && (p.Transport != registry.Containerd || strings.HasPrefix(targets[0], "containerd:")) {
			return examine(c, p)
		}
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	defer m.Close()
	return cmd.Inspect(c, targets, func(t string) (*image.Inspection, error) { return m.Inspect(c.Context, t) })
}
