package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func healthcheckCommand() *cli.Command {
	return &cli.Command{
		Name:  "healthcheck",
		Usage: "manage the health checks of containers",
		Subcommands: []*cli.Command{{
			Name:      "run",
			Usage:     "run a container's health check once; exit with 0 when it is well, else with 1",
			ArgsUsage: "CONTAINER",
			Action:    probe,
		}},
	}
}

func probe(c *cli.Context) error {
	args, err := cmd.Args(c, 1, 1)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	well, output, err := m.Probe(c.Context, args[0])
	if err != nil || well {
		return err
	}
	fmt.Fprintln(c.App.Writer, "unhealthy")
	if output = strings.TrimSpace(output); output != "" {
		cmd.Warn(c, fmt.Errorf("the check printed: %s", output))
	}
	return &cmd.ExitError{Code: 1}
}
