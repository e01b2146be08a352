package main

import "github.com/urfave/cli/v2"

func lxcfsStopCommand() *cli.Command {
	return &cli.Command{
		Name:  "stop",
		Usage: "end lxcfs unless containers run with it",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "even when containers run with it: their files are dead until remount"},
		},
		Action: func(c *cli.Context) error {
			v, err := lxcfsOf(c)
			if err != nil {
				return err
			}
			return v.Stop(c.Context, c.Bool("force"))
		},
	}
}
