package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
)

func attachCommand() *cli.Command {
	return &cli.Command{
		Name:      "attach",
		Usage:     "attach to the standard streams of a running container",
		ArgsUsage: "CONTAINER",
		Description: "Stays until the container ends and has its exit code. The detach keys leave a terminal;\n" +
			"the container goes on. Several can be attached at once.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "no-stdin", Usage: "do not attach the standard input"},
			detachKeysFlag(),
			&cli.BoolFlag{Name: "sig-proxy", Value: true, Usage: "pass signals on to the container's process"},
		},
		Action: attach,
	}
}

func attach(c *cli.Context) error {
	args, err := cmd.Args(c, 1, 1)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	streams, err := attachedIO(c)
	if err != nil {
		return err
	}
	o := container.AttachOpts{Stdin: !c.Bool("no-stdin"), SigProxy: c.Bool("sig-proxy"), IO: streams}
	return exitCode(m.Attach(c.Context, args[0], o))
}
