package main

import (
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

func logsCommand() *cli.Command {
	return &cli.Command{
		Name:      "logs",
		Usage:     "print the log of a container",
		ArgsUsage: "CONTAINER",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "follow", Aliases: []string{"f"}, Usage: "go on until the container ends"},
			&cli.StringFlag{Name: "tail", Aliases: []string{"n"}, Value: "all", Usage: "the last `N` lines only"},
			&cli.StringFlag{Name: "since", Usage: "from `TIME` on: 2006-01-02T15:04:05Z, seconds since 1970, or 10m before now"},
			&cli.StringFlag{Name: "until", Usage: "up to `TIME`"},
			&cli.BoolFlag{Name: "details", Usage: "show the attributes that --log-opt labels, env and tag chose"},
			&cli.BoolFlag{Name: "timestamps", Aliases: []string{"t"}, Usage: "begin each line with its time"},
		},
		Action: logs,
	}
}

func logs(c *cli.Context) error {
	args, err := cmd.Args(c, 1, 1)
	if err != nil {
		return err
	}
	o := container.LogsOpts{Follow: c.Bool("follow"), Timestamps: c.Bool("timestamps"), Details: c.Bool("details"), Tail: -1}
	if t := c.String("tail"); t != "all" && t != "" {
		if o.Tail, err = strconv.Atoi(t); err != nil {
			return errs.New(errs.Invalid, "--tail %s: want a number of lines or all", t)
		}
	}
	now := time.Now()
	if o.Since, err = parse.Time(c.String("since"), now); err != nil {
		return err
	}
	if o.Until, err = parse.Time(c.String("until"), now); err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	return m.Logs(c.Context, args[0], o, c.App.Writer, c.App.ErrWriter)
}
