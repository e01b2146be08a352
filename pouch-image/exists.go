package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func existsCommand() *cli.Command {
	return cmd.ExistsCommand("an image", "IMAGE", func(c *cli.Context, name string) (bool, error) {
		m, err := manager(c)
		if err != nil {
			return false, err
		}
		defer m.Close()
		return m.Exists(c.Context, name)
	})
}
