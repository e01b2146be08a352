package main

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

func statsCommand() *cli.Command {
	return &cli.Command{
		Name:      "stats",
		Usage:     "show the CPU, memory, network and block I/O usage of containers",
		ArgsUsage: "[CONTAINER…]",
		Description: "Without names: all that run, as they come and go. On a terminal the table is renewed in place, elsewhere\n" +
			"one follows the other; json prints one object a line. Memory is without file pages that nobody has asked for lately.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "also those that do not run"},
			&cli.BoolFlag{Name: "no-stream", Usage: "one answer"},
			&cli.BoolFlag{Name: "no-trunc", Usage: "show ids in full"},
			cmd.FormatFlag(),
			&cli.StringFlag{Name: "interval", Aliases: []string{"i"}, Value: "1s", Usage: "`TIME` between two answers, in seconds or as 500ms"},
		},
		Action: stats,
	}
}

func stats(c *cli.Context) error {
	interval, err := pauseOf(c.String("interval"))
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	o := container.StatsOpts{
		Targets: c.Args().Slice(), All: c.Bool("all"), Once: c.Bool("no-stream"), Interval: interval,
		Warn: func(err error) { cmd.Warn(c, err) },
	}
	show := statsShow(c)
	return m.Stats(c.Context, o, func(list []container.Stat) error {
		rows := make([]statsRow, len(list))
		for i, s := range list {
			rows[i] = newStatsRow(s, !c.Bool("no-trunc"))
		}
		return show(rows)
	})
}

func pauseOf(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if n, nerr := strconv.Atoi(s); nerr == nil {
		d, err = time.Duration(n)*time.Second, nil
	}
	if err != nil || d < 10*time.Millisecond {
		return 0, errs.New(errs.Invalid, "invalid argument %q for --interval: a time of at least 10ms", s)
	}
	return d, nil
}

// statsShow prints an answer; on a terminal a table takes the place of the one
// before.
func statsShow(c *cli.Context) func([]statsRow) error {
	listing := cmd.Listing{
		Table: "{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}",
		Headings: map[string]string{
			"ID": "CONTAINER ID", "CPUPerc": "CPU %", "MemUsage": "MEM USAGE / LIMIT", "MemPerc": "MEM %",
			"NetIO": "NET I/O", "BlockIO": "BLOCK I/O", "PIDs": "PIDS",
		},
	}
	format := c.String("format")
	live := cmd.Terminal(c.App.Writer) && !c.Bool("no-stream") && (format == "" || strings.HasPrefix(format, "table"))
	if !live {
		return func(rows []statsRow) error { return cmd.List(c, listing, rows) }
	}
	screen, erase := c.App.Writer, "\x1b[2J"
	return func(rows []statsRow) error {
		var b bytes.Buffer
		c.App.Writer = &b
		err := cmd.List(c, listing, rows)
		c.App.Writer = screen
		if err != nil {
			return err
		}
		// From the first cell on, each line to its end, and nothing below.
		frame := erase + "\x1b[H" + strings.ReplaceAll(b.String(), "\n", "\x1b[K\n") + "\x1b[J"
		erase = ""
		_, err = io.WriteString(screen, frame)
		return err
	}
}
