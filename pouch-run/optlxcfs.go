package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
)

// lxcfsFlags let /proc tell of the container; enableLxcfs is PouchContainer's word.
func lxcfsFlags() []cli.Flag {
	return []cli.Flag{
		flag("lxcfs", "free, top, uptime and nproc tell the container's limits, not the host (needs lxcfs)", "enableLxcfs"),
	}
}

func readLxcfs(c *cli.Context, o *container.Options) error {
	o.Host.Lxcfs = c.Bool("lxcfs")
	return nil
}
