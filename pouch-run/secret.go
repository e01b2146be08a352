package main

import (
	"github.com/urfave/cli/v2"
)

// secretCommand has the stored secrets, which --secret gives to containers.
func secretCommand() *cli.Command {
	return &cli.Command{
		Name:        "secret",
		Usage:       "manage stored secrets",
		Subcommands: []*cli.Command{secretCreateCommand(), secretLsCommand(), secretInspectCommand(), secretRmCommand()},
	}
}
