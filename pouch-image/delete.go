package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

func deleteCommand() *cli.Command {
	return &cli.Command{
		Name:      "delete",
		Usage:     "delete images from a registry, an OCI layout or a folder",
		ArgsUsage: "docker://NAME…",
		Description: "Of a registry the manifest goes, and with it every tag of it; the registry frees the space when it collects\n" +
			"garbage. Images of containerd are removed with rm.",
		Flags:  askFlags(),
		Action: deleteImages,
	}
}

func deleteImages(c *cli.Context) error {
	targets, err := cmd.Targets(c)
	if err != nil {
		return err
	}
	ctx, cancel := deadline(c.Context, c.Duration("deadline"))
	defer cancel()
	return eachLine(c, targets, func(t string) (string, error) {
		p, err := registry.ParsePlace(t)
		if err != nil {
			return "", err
		}
		return t, registry.Delete(ctx, registry.End{Place: p, Options: registryOptions(c)})
	})
}
