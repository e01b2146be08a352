package main

import (
	"time"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

func psCommand() *cli.Command {
	return &cli.Command{
		Name:    "ps",
		Aliases: []string{"ls", "list"},
		Usage:   "list containers",
		Flags: append(cmd.ListFlags(),
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "also those that do not run"},
			&cli.BoolFlag{Name: "no-trunc", Usage: "show ids and commands in full"},
			&cli.IntFlag{Name: "last", Aliases: []string{"n"}, Value: -1, Usage: "the last `N` created, in any state"},
			&cli.BoolFlag{Name: "latest", Aliases: []string{"l"}, Usage: "the last one created, in any state"},
			&cli.StringSliceFlag{Name: "filter", Aliases: []string{"f"}, Usage: "`KEY=VALUE` of id, name, label, status, exited, ancestor, network, volume; the same key again: either, another key: both"},
		),
		Action: ps,
	}
}

func ps(c *cli.Context) error {
	if _, err := cmd.Args(c, 0, 0); err != nil {
		return err
	}
	o, err := psOptions(c)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	list, err := m.List(c.Context, o)
	if err != nil {
		return err
	}
	rows, now := make([]psRow, len(list)), time.Now()
	for i, s := range list {
		rows[i] = newPsRow(s, now, !c.Bool("no-trunc"))
	}
	return cmd.List(c, cmd.Listing{
		Table:    "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}",
		Quiet:    "{{.ID}}",
		Headings: map[string]string{"ID": "CONTAINER ID", "RunningFor": "CREATED"},
	}, rows)
}

func psOptions(c *cli.Context) (o container.ListOpts, err error) {
	o = container.ListOpts{All: c.Bool("all"), Last: max(c.Int("last"), 0), Warn: func(err error) { cmd.Warn(c, err) }}
	if c.IsSet("last") && c.Int("last") == 0 {
		return o, errs.New(errs.Invalid, "--last 0: want a number of containers above 0")
	}
	if c.Bool("latest") {
		o.Last = 1
	}
	o.Filters, err = container.ParseFilters(c.StringSlice("filter"))
	return o, err
}
