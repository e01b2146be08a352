package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/ctrd/engine"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

func engineCommand() *cli.Command {
	return &cli.Command{
		Name:      "engine",
		Usage:     "start, stop or look at Pouch's own containerd",
		ArgsUsage: "start|stop|status|run",
		Description: "Every command starts it when it is needed. stop leaves running containers alone: they go on, and the\n" +
			"next start finds them; those that end are waited for. status prints pid and socket and exits 1 when\n" +
			"none runs. run stays in the foreground, for a service manager: see pouch-containerd.service.",
		Action: engineVerb,
	}
}

func engineVerb(c *cli.Context) error {
	args, err := cmd.Args(c, 1, 1)
	if err != nil {
		return err
	}
	s, err := cmd.Store(c)
	if err != nil {
		return err
	}
	switch args[0] {
	case "start":
		_, err = engine.Address(c.Context, s, "")
		return err
	case "stop":
		return container.Open(s, "").StopEngine(c.Context)
	case "run":
		return engine.Run(c.Context, s)
	case "status":
		p, err := engine.Status(s)
		if err != nil {
			return err
		}
		fmt.Fprintln(c.App.Writer, p.Pid, engine.Socket(s))
		return nil
	}
	return errs.New(errs.Invalid, "engine: unknown word %q: start, stop, status or run", args[0])
}
