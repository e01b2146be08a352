package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
)

func whyCommand() *cli.Command {
	return &cli.Command{
		Name:      "why",
		Usage:     "explain why containers did not start or why they ended, removed ones included",
		ArgsUsage: "CONTAINER…",
		Flags: []cli.Flag{
			text("format", "`FORMAT`: json (one object a line), or a Go template of .ID, .Name, .Status, .Code, .Reason, .Remedy, .ExitCode, .At"),
		},
		Action: why,
	}
}

func why(c *cli.Context) error {
	targets, err := cmd.Targets(c)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	return cmd.EachLine(c, targets, func(t string) (string, error) {
		w, err := m.Why(c.Context, t)
		switch {
		case err != nil:
			return "", err
		case c.String("format") != "":
			return "", cmd.List(c, cmd.Listing{}, []container.Why{*w})
		}
		return whyLine(w), nil
	})
}

// whyLine is NAME: CODE: reason; remedy.
func whyLine(w *container.Why) string {
	line := fmt.Sprintf("%s: %s: %s", w.Name, w.Code, w.Reason)
	if w.Remedy != "" {
		line += "; " + w.Remedy
	}
	return cmd.OneLine(line)
}
