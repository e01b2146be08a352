package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

func pushCommand() *cli.Command {
	return &cli.Command{
		Name:      "push",
		Usage:     "push an image to a registry, and print its digest there",
		ArgsUsage: "IMAGE [DESTINATION]",
		Description: "The destination is the name itself, another NAME, or a place as with copy. Layers that the registry has are\n" +
			"not sent again.",
		Flags:  append(copyFlags(), progressFlags()...),
		Action: push,
	}
}

func push(c *cli.Context) error {
	args, err := cmd.Args(c, 1, 2)
	if err != nil {
		return err
	}
	dst := registry.Place{Transport: registry.Docker, Rest: args[0]}
	if len(args) == 2 {
		if dst, err = registry.ParsePlace(args[1]); err != nil {
			return err
		}
		if dst.Transport == registry.Containerd {
			dst.Transport = registry.Docker
		}
	}
	o := registryOptions(c)
	return copyBetween(c, registry.Place{Transport: registry.Containerd, Rest: args[0]}, dst, o, o)
}
