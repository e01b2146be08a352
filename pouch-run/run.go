package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func runCommand() *cli.Command {
	return cmd.Code125(&cli.Command{
		Name:      "run",
		Usage:     "create a container from an image and run it (the default verb)",
		ArgsUsage: "IMAGE [COMMAND] [ARG…]",
		Args:      true,
		Description: "In the foreground the container's process has this program's own standard streams, and its exit code is\n" +
			"this program's; 125 when Pouch failed, 126 and 127 when the command cannot be executed or is not found.\n" +
			"With -d the id is printed as soon as the process runs.",
		Flags:  append(append(runFlags(), containerFlags()...), dryRunFlag()),
		Action: run,
	})
}

func run(c *cli.Context) error {
	o, err := options(c)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	if c.Bool("dry-run") {
		return dryRun(c, m, o)
	}
	if o.Process.TTY && !o.Detach {
		warnNoTerminal(c, o.Process.OpenStdin)
	}
	if len(o.Attach) == 1 && o.Attach[0] == "stdin" { // docker's: nothing of the output is seen here
		o.Started = func(id string) { fmt.Fprintln(c.App.Writer, id) }
	}
	streams, err := attachedIO(c)
	if err != nil {
		return err
	}
	streams.Preserve = preserver(c)
	id, code, err := m.Run(c.Context, o, streams)
	if err == nil && o.Detach {
		fmt.Fprintln(c.App.Writer, id)
	}
	if id == "" {
		err = orVerb(c, err)
	}
	return exitCode(code, err)
}
