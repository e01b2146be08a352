package main

import (
	"encoding/json"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/network"
)

func why() *cli.Command {
	return &cli.Command{
		Name:        "why",
		Usage:       "explain why a published port can be reached, or not",
		ArgsUsage:   "HOST:PORT[/PROTOCOL]",
		Description: "Each step of the way is a line: ok, or NO with what would help. The exit code is 0 when every step is there, and 1 when not.",
		Flags:       []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "one JSON object a line"}},
		Action: func(c *cli.Context) error {
			args, err := cmd.Args(c, 1, 1)
			if err != nil {
				return err
			}
			m, err := open(c)
			if err != nil {
				return err
			}
			found, err := m.Why(c.Context, args[0])
			if err != nil {
				return err
			}
			return tell(c, found)
		},
	}
}

func tell(c *cli.Context, found []network.Finding) error {
	var result error
	for _, f := range found {
		if !f.OK {
			result = &cmd.ExitError{Code: 1}
		}
		switch {
		case c.Bool("json"):
			if err := json.NewEncoder(c.App.Writer).Encode(f); err != nil {
				return err
			}
		case f.OK:
			fmt.Fprintln(c.App.Writer, "ok:", cmd.OneLine(f.What))
		case f.Remedy == "":
			fmt.Fprintln(c.App.Writer, "NO:", cmd.OneLine(f.What))
		default:
			fmt.Fprintf(c.App.Writer, "NO: %s: %s\n", cmd.OneLine(f.What), cmd.OneLine(f.Remedy))
		}
	}
	return result
}
