package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
)

func stopCommand() *cli.Command {
	return &cli.Command{
		Name:      "stop",
		Usage:     "stop running containers",
		ArgsUsage: "CONTAINER…",
		Flags:     append(stopFlags(), cidFileFlag()),
		Action:    stop,
	}
}

func stopFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "time", Aliases: []string{"t", "timeout"}, Usage: "`SECONDS` to wait before the kill; -1: for ever (default: the container's own, else 10)"},
		&cli.StringFlag{Name: "signal", Aliases: []string{"s"}, Usage: "`SIGNAL` to ask with (default: the container's own, else TERM)"},
	}
}

func stopOpts(c *cli.Context) container.StopOpts {
	o := container.StopOpts{Signal: c.String("signal")}
	if c.IsSet("time") {
		seconds := c.Int("time")
		o.Timeout = &seconds
	}
	return o
}

func stop(c *cli.Context) error {
	targets, err := targetsOrFiles(c)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	o := stopOpts(c)
	return cmd.Each(c, targets, func(t string) error { return m.Stop(c.Context, t, o) })
}
