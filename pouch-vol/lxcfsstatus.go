package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

// lxcfsRow is lxcfs as status prints it.
type lxcfsRow struct {
	State      string
	Pid        int
	Keep       bool
	Containers []string
	Running    int
}

func lxcfsStatusCommand() *cli.Command {
	return &cli.Command{
		Name:  "status",
		Usage: "tell whether lxcfs runs, and how many containers run with it",
		Flags: cmd.ListFlags(),
		Action: func(c *cli.Context) error {
			v, err := lxcfsOf(c)
			if err != nil {
				return err
			}
			st, err := v.Status(c.Context)
			if err != nil {
				return err
			}
			return cmd.List(c, cmd.Listing{
				Table:    "{{.State}}\t{{.Pid}}\t{{.Keep}}\t{{.Running}}",
				Quiet:    "{{.State}}",
				Headings: map[string]string{"Running": "CONTAINERS"},
			}, []lxcfsRow{{st.State, st.Proc.Pid, st.Keep, st.Containers, len(st.Containers)}})
		},
	}
}
