package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func execVerb() *cli.Command {
	return cmd.Code125(&cli.Command{
		Name:      "exec",
		Usage:     "run a command of this host in a network namespace",
		ArgsUsage: "COMMAND [ARG…]",
		Description: "The command sees the links, routes and /sys of the namespace and the name service files that belong to it, " +
			"and else this host. The exit code is the command's; 125 when Pouch failed, 126 and 127 when the command cannot be executed or is not found.",
		Args:  true,
		Flags: netnsFlags(),
		Action: func(c *cli.Context) error {
			args, err := cmd.Args(c, 1, -1)
			if err != nil {
				return err
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			path, id, err := netns(c, m)
			if err != nil {
				return err
			}
			return m.Exec(path, id, args)
		},
	})
}
