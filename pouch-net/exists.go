package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

func exists() *cli.Command {
	return cmd.ExistsCommand("a network", "NETWORK", func(c *cli.Context, name string) (bool, error) {
		m, err := open(c)
		if err != nil {
			return false, err
		}
		if _, err = m.Inspect(name); errs.Is(err, errs.NotFound) {
			return false, nil
		}
		return true, err
	})
}
