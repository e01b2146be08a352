package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/volume"
)

// open returns the volumes of the state directories that the flags name.
func open(c *cli.Context) (*volume.Manager, error) {
	s, err := cmd.Store(c)
	if err != nil {
		return nil, err
	}
	return volume.OpenWith(s, driver), nil
}
