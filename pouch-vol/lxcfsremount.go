package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/lxcfs"
	"github.com/pouchcontainer/pouch/pkg/mount"
)

func lxcfsRemountCommand() *cli.Command {
	return &cli.Command{
		Name:  "remount",
		Usage: "give the running containers the files of a living lxcfs, which is started when it is dead; prints each container",
		Action: func(c *cli.Context) error {
			v, err := lxcfsOf(c)
			if err != nil {
				return err
			}
			done, failed, err := v.Remount(c.Context)
			for _, r := range done {
				fmt.Fprintln(c.App.Writer, r.Container)
				warnCovered(c, r)
			}
			for _, f := range failed {
				cmd.Warn(c, f)
			}
			if err == nil && len(failed) > 0 {
				err = &cmd.ExitError{Code: 1}
			}
			return err
		},
	}
}

// warnCovered tells the files that a container has covered itself.
func warnCovered(c *cli.Context, r lxcfs.Remounted) {
	var covered []string
	for _, f := range lxcfs.Files() {
		if r.Files[f] == mount.Covered {
			covered = append(covered, "/"+f)
		}
	}
	if len(covered) > 0 {
		cmd.Warn(c, fmt.Errorf("container %s: left alone, for something else is mounted there: %s", r.Container[:12], strings.Join(covered, ", ")))
	}
}
