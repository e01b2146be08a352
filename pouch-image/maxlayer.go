package main

import (
	"github.com/docker/go-units"
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/image"
)

// maxLayerFlag bounds what comes out of a layer, against archives that are small
// and unpack to more than the disk has.
func maxLayerFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "max-layer-size", EnvVars: []string{"POUCH_MAX_LAYER_SIZE"},
		Usage: "refuse a layer that unpacks to more than `SIZE`, as 10g (default: no bound)",
	}
}

// boundedManager is manager with the bound of maxLayerFlag.
func boundedManager(c *cli.Context) (*image.Manager, error) {
	var limit int64
	if s := c.String("max-layer-size"); s != "" {
		n, err := units.RAMInBytes(s)
		if err != nil || n <= 0 {
			return nil, errs.New(errs.Invalid, "--max-layer-size %s: give a size, as 500m or 10g", s)
		}
		limit = n
	}
	m, err := manager(c)
	if err == nil {
		m.MaxLayer = limit
	}
	return m, err
}
