package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
)

// addressFlag is the global flag that names another containerd.
func addressFlag() cli.Flag {
	return &cli.StringFlag{Name: "address", EnvVars: []string{"POUCH_ADDRESS"}, Usage: "socket of the containerd to use (default: Pouch's own, started on demand)"}
}

// manager opens the containers that the global flags name.
func manager(c *cli.Context) (*container.Manager, error) {
	s, err := cmd.Store(c)
	if err != nil {
		return nil, err
	}
	return container.Open(s, c.String("address")), nil
}
