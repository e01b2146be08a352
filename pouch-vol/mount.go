package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

// mountCommand has another name than its file: mount is a package.
func mountCommand() *cli.Command {
	return &cli.Command{
		Name:      "mount",
		Usage:     "mount volumes on the host, print their paths, and keep them so until unmount",
		ArgsUsage: "VOLUME…",
		Action: func(c *cli.Context) error {
			targets, err := cmd.Targets(c)
			if err != nil {
				return err
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			return cmd.EachLine(c, targets, func(name string) (string, error) { return m.Hold(c.Context, name) })
		},
	}
}
