package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func exists() *cli.Command {
	return cmd.ExistsCommand("a volume", "VOLUME", func(c *cli.Context, name string) (bool, error) {
		m, err := open(c)
		if err != nil {
			return false, err
		}
		return m.Exists(name)
	})
}
