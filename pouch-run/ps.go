package main

import (
	"strings"
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
			&cli.StringSliceFlag{Name: "filter", Aliases: []string{"f"}, Usage: "`KEY=VALUE` of " + container.FilterKeys + "; another key, or label, again: both, the same key again: either"},
			&cli.BoolFlag{Name: "size", Aliases: []string{"s"}, Usage: "show what the containers' roots take on the disk"},
			&cli.StringFlag{Name: "sort", Usage: "order by `WHAT`: " + strings.Join(container.SortWords(), ", ") + " (default: the newest first)"},
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
	table := "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}"
	if c.Bool("size") {
		table += "\t{{.Size}}"
	}
	return cmd.List(c, cmd.Listing{
		Table:    table,
		Quiet:    "{{.ID}}",
		Headings: map[string]string{"ID": "CONTAINER ID", "RunningFor": "CREATED"},
	}, rows)
}

func psOptions(c *cli.Context) (o container.ListOpts, err error) {
	o = container.ListOpts{All: c.Bool("all"), Last: max(c.Int("last"), 0), Warn: func(err error) { cmd.Warn(c, err) }}
	o.Sort = c.String("sort")
	o.Size = c.Bool("size") || o.Sort == "size" || strings.Contains(c.String("format"), ".Size")
	if c.IsSet("last") && c.Int("last") == 0 {
		return o, errs.New(errs.Invalid, "--last 0: want a number of containers above 0")
	}
	if c.Bool("latest") {
		o.Last = 1
	}
	o.Filters, err = container.ParseFilters(c.StringSlice("filter"))
	return o, err
}
