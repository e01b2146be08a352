package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func reload() *cli.Command {
	return &cli.Command{
		Name:  "reload",
		Usage: "make links and packet rules anew, for example after the firewall was flushed",
		Action: func(c *cli.Context) error {
			if _, err := cmd.Args(c, 0, 0); err != nil {
				return err
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			return m.Reload(c.Context)
		},
	}
}
