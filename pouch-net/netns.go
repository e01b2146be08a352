package main

import (
	"fmt"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/network"
)

func netnsFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "netns", Usage: "the network namespace at `PATH`"},
		&cli.IntFlag{Name: "pid", Usage: "the one of process `PID`"},
		&cli.StringFlag{Name: "container", Usage: "the one of a running `CONTAINER`, until it ends"},
	}
}

// netns returns the network namespace that exactly one of the flags names, and
// the id of the container when it is one's.
func netns(c *cli.Context, m *network.Manager) (path, container string, err error) {
	given := 0
	for _, f := range []string{"netns", "pid", "container"} {
		if c.IsSet(f) {
			given++
		}
	}
	switch {
	case given != 1:
		return "", "", errs.New(errs.Invalid, "%s: give one of --netns, --pid and --container", c.Command.Name)
	case c.IsSet("pid"):
		return fmt.Sprintf("/proc/%d/ns/net", c.Int("pid")), "", nil
	case c.IsSet("container"):
		return m.NetnsOf(c.String("container"))
	}
	path, err = filepath.Abs(c.String("netns")) // the lease tells it to other commands
	return path, "", err
}
