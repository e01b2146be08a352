package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/ctrd"
	"github.com/pouchcontainer/pouch/pkg/ctrd/engine"
	"github.com/pouchcontainer/pouch/pkg/image"
)

func engineFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "address", EnvVars: []string{"POUCH_ADDRESS"}, Usage: "socket of the containerd to use (default: Pouch's own, started on demand)"},
		&cli.StringFlag{Name: "namespace", EnvVars: []string{"POUCH_NAMESPACE"}, Value: ctrd.Namespace, Usage: "containerd's namespace"},
	}
}

// manager opens the images that the global flags name; Close it.
func manager(c *cli.Context) (*image.Manager, error) {
	s, err := cmd.Store(c)
	if err != nil {
		return nil, err
	}
	address, err := engine.Address(c.Context, s, c.String("address"))
	if err != nil {
		return nil, err
	}
	return image.Open(s, address, c.String("namespace"))
}
