package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

// rootfsFlags are what a container has of other things than an image: a folder as
// its root, another container's volumes and address.
func rootfsFlags() []cli.Flag {
	return []cli.Flag{
		flag("rootfs", "the first argument is a folder that is the root, not an image; FOLDER:O leaves it unchanged"),
		list("volumes-from", "mount the volumes of `CONTAINER[:ro|rw]`"),
		list("link", "give the present address of `CONTAINER[:ALIAS]` a name in /etc/hosts"),
		flag("disable-network-files", "leave the image's own hosts, hostname and resolv.conf"),
		text("specific-id", "`ID` of the container: 64 hex digits (default: a random one)"),
	}
}

// readRootfs makes the image that was read before a folder, with --rootfs.
func readRootfs(c *cli.Context, o *container.Options) error {
	o.VolumesFrom, o.Links = c.StringSlice("volumes-from"), c.StringSlice("link")
	o.Host.NoNetFiles = c.Bool("disable-network-files")
	if c.Bool("rootfs") {
		switch {
		case o.Image == "":
			return errs.New(errs.Invalid, "--rootfs: the folder's name is empty")
		case o.Pull == "always" || o.Platform != "":
			return errs.New(errs.Invalid, "conflicting options: --rootfs has no image to pull")
		}
		o.Rootfs, o.Image = o.Image, ""
	}
	return set(c, "specific-id", &o.ID, parse.ContainerID)
}
