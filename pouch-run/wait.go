package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

func waitCommand() *cli.Command {
	return &cli.Command{
		Name:      "wait",
		Usage:     "wait until containers have ended, or for another condition, and print their exit codes (-1: not ended)",
		ArgsUsage: "CONTAINER…",
		Flags: []cli.Flag{
			list("condition", "`WORD` of "+strings.Join(container.WaitConditions(), ", ")+"; given again: the first that holds (default: not-running)"),
			text("interval", "look every `TIME` where no change is told; a number alone is milliseconds (default: 250ms)", "i"),
		},
		Action: wait,
	}
}

func wait(c *cli.Context) error {
	targets, err := cmd.Targets(c)
	if err != nil {
		return err
	}
	o := container.WaitOpts{Conditions: c.StringSlice("condition")}
	if err := set(c, "interval", &o.Interval, interval); err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	codes := m.WaitEach(c.Context, targets, o)
	return cmd.EachLine(c, targets, func(string) (string, error) {
		code, err := codes()
		return strconv.Itoa(code), err
	})
}

// interval reads a duration, or milliseconds as podman does.
func interval(s string) (time.Duration, error) {
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		return time.Duration(n) * time.Millisecond, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, errs.New(errs.Invalid, "want a duration such as 500ms, or milliseconds")
	}
	return d, nil
}
