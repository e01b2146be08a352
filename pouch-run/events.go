package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/events"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

func eventsCommand() *cli.Command {
	return &cli.Command{
		Name:  "events",
		Usage: "print events of containers, images, networks and volumes",
		Flags: []cli.Flag{
			text("since", "from `TIME` on: 2006-01-02T15:04:05Z, seconds since 1970, or 10m before now (default: now)"),
			text("until", "end at `TIME`; one that has passed tells what there is and ends"),
			list("filter", "`KEY=VALUE` of type, event, container, image, network, volume, label; the same key again: either, another key: both", "f"),
			text("format", "`FORMAT`: json (one object a line), or a Go template"),
		},
		Action: tellEvents,
	}
}

func tellEvents(c *cli.Context) error {
	if _, err := cmd.Args(c, 0, 0); err != nil {
		return err
	}
	o, err := eventsOptions(c)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	return m.Events(c.Context, o, func(e container.Event) error { return printEvent(c, e) })
}

func eventsOptions(c *cli.Context) (o container.EventsOpts, err error) {
	now := time.Now()
	if strings.HasPrefix(c.String("format"), "table") {
		return o, errs.New(errs.Invalid, "--format table: events come one by one: use json or a template")
	}
	if o.Filters, err = events.ParseFilters(c.StringSlice("filter")); err != nil {
		return o, err
	}
	if o.Since, err = parse.Time(c.String("since"), now); err != nil {
		return o, err
	}
	o.Until, err = parse.Time(c.String("until"), now)
	return o, err
}

func printEvent(c *cli.Context, e container.Event) error {
	if c.String("format") != "" {
		return cmd.List(c, cmd.Listing{}, []container.Event{e})
	}
	_, err := io.WriteString(c.App.Writer, cmd.OneLine(eventLine(e))+"\n")
	return err
}

// eventLine is an event in docker's words.
func eventLine(e container.Event) string {
	at := time.Unix(0, e.TimeNano).Format("2006-01-02T15:04:05.000000000Z07:00")
	line := fmt.Sprintf("%s %s %s %s", at, e.Type, e.Action, e.Actor.ID)
	var more []string
	for _, k := range slices.Sorted(maps.Keys(e.Actor.Attributes)) {
		more = append(more, k+"="+e.Actor.Attributes[k])
	}
	if len(more) == 0 {
		return line
	}
	return line + " (" + strings.Join(more, ", ") + ")"
}
