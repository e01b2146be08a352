package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/network"
)

func check() *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "check that networks can be joined and that their members are as they were made",
		ArgsUsage: "[NETWORK…]",
		Description: "Without a NETWORK all are looked at, of CNI's those that somebody is in. Each finding is a line: ok, or NO " +
			"with what would help. CNI plugins are asked by STATUS and CHECK. The exit code is 1 when something is not as it should be.",
		Flags: []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "one JSON object a line"}},
		Action: func(c *cli.Context) error {
			m, err := open(c)
			if err != nil {
				return err
			}
			targets, err := checked(c, m)
			if err != nil {
				return err
			}
			var found []network.Finding
			for _, t := range targets {
				f, err := m.Check(c.Context, t)
				if err != nil {
					return err
				}
				found = append(found, f...)
			}
			return tell(c, found)
		},
	}
}

// checked are the networks that were asked for.
func checked(c *cli.Context, m *network.Manager) ([]string, error) {
	if c.Args().Present() {
		return cmd.Targets(c)
	}
	var targets []string
	all, err := m.List()
	if err != nil {
		cmd.Warn(c, err) // the others are looked at
	}
	for _, n := range all {
		targets = append(targets, n.Name)
	}
	used, err := m.UsedCNI()
	for _, name := range used {
		if !slices.Contains(targets, name) {
			targets = append(targets, name)
		}
	}
	return targets, err
}
