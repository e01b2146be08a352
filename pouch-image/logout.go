package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

func logoutCommand() *cli.Command {
	return &cli.Command{
		Name:      "logout",
		Usage:     "log out of a registry: remove its credentials",
		ArgsUsage: "[REGISTRY]",
		Flags: append(registryFlags(),
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "forget those of every registry"},
		),
		Action: logout,
	}
}

func logout(c *cli.Context) error {
	host, err := registryHost(c)
	if err != nil {
		return err
	}
	what := host
	if c.Bool("all") {
		if c.NArg() > 0 {
			return errs.New(errs.Invalid, "logout: --all and a registry exclude each other")
		}
		host, what = "", "every registry"
	}
	if err := registry.Logout(host, registryOptions(c)); err != nil {
		return err
	}
	fmt.Fprintf(c.App.Writer, "Removed login credentials for %s\n", what)
	return nil
}
