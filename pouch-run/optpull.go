package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
)

// pullFlags say how the image is had.
func pullFlags() []cli.Flag {
	return []cli.Flag{
		text("pull", "`WHEN` to pull the image: always, missing or never (default: missing)"),
		flag("quiet", "no progress of the pull", "q"),
		text("platform", "`OS/ARCH[/VARIANT]` of the image"),
	}
}

// readPull reads how the image is had.
func readPull(c *cli.Context, o *container.Options) error {
	o.Platform, o.Quiet = c.String("platform"), c.Bool("quiet")
	return set(c, "pull", &o.Pull, oneOf("pull", "always", "missing", "never"))
}
