package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
)

// attachFlags say what of the streams the command has.
func attachFlags() []cli.Flag {
	return []cli.Flag{
		list("attach", "attach to `STREAM` stdin, stdout or stderr: a foreground container has all three", "a"),
	}
}

// readAttach reads what of the streams the command has.
func readAttach(c *cli.Context, o *container.Options) error { return nil }
