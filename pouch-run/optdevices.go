package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

// deviceFlags are devices of the host.
func deviceFlags() []cli.Flag {
	return []cli.Flag{
		list("device", "device of the host: `DEVICE[:PATH][:rwm]`"),
	}
}

// readDevices reads devices.
func readDevices(c *cli.Context, o *container.Options) error {
	return collect(c, "device", &o.Host.Devices, parse.Device)
}
