package main

import (
	"fmt"

	"github.com/docker/go-units"
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

func resize() *cli.Command {
	return &cli.Command{
		Name:      "resize",
		Usage:     "make a volume of a CSI driver larger, also while containers use it if the driver can",
		ArgsUsage: "VOLUME SIZE",
		Action: func(c *cli.Context) error {
			args, err := cmd.Args(c, 2, 2)
			if err != nil {
				return err
			}
			size, err := units.RAMInBytes(args[1])
			if err != nil || size <= 0 {
				return errs.New(errs.Invalid, "size %q: a number above 0 with k, m, g or t expected", args[1])
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			if _, err := m.Resize(c.Context, args[0], size); err != nil {
				return err
			}
			fmt.Fprintln(c.App.Writer, args[0])
			return nil
		},
	}
}
