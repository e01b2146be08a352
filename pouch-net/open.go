package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/network"
)

// open returns the networks of the state directories that the flags name.
func open(c *cli.Context) (*network.Manager, error) {
	s, err := cmd.Store(c)
	if err != nil {
		return nil, err
	}
	return network.Open(s), nil
}
