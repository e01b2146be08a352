package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/lxcfs"
)

// lxcfsCommand looks after the filesystem that pouch-run --lxcfs gives to containers.
func lxcfsCommand() *cli.Command {
	return &cli.Command{
		Name:        "lxcfs",
		Usage:       "look after lxcfs, by which /proc of a container tells its limits",
		Subcommands: []*cli.Command{lxcfsStatusCommand(), lxcfsStartCommand(), lxcfsStopCommand(), lxcfsRemountCommand()},
	}
}

func lxcfsOf(c *cli.Context) (*lxcfs.Service, error) {
	if _, err := cmd.Args(c, 0, 0); err != nil {
		return nil, err
	}
	s, err := cmd.Store(c)
	if err != nil {
		return nil, err
	}
	return lxcfs.Of(s), nil
}
