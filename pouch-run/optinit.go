package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
)

// initFlags say what process 1 is.
func initFlags() []cli.Flag {
	return []cli.Flag{
		flag("init", "run an init inside the container that forwards signals and reaps processes"),
	}
}

func readInit(c *cli.Context, o *container.Options) error {
	o.Process.Init = c.Bool("init")
	return nil
}
