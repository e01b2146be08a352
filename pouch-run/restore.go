package main

import (
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
)

func restoreCommand() *cli.Command {
	return &cli.Command{
		Name:  "restore",
		Usage: "start the containers whose restart policy wants them running, after a boot",
		Description: "Starts those with --restart always, those with unless-stopped that nobody stopped, and those with\n" +
			"on-failure that ran as the host went down; prints the name of each. With --shutdown stops all\n" +
			"containers before the host goes down, so that the next restore starts them again.\n" +
			"pouch-restore.service does both.",
		Flags:  []cli.Flag{flag("shutdown", "stop the containers instead")},
		Action: restore,
	}
}

func restore(c *cli.Context) error {
	if _, err := cmd.Args(c, 0, 0); err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	do := m.Restore
	if c.Bool("shutdown") {
		do = m.Shutdown
	}
	list, err := do(c.Context)
	if err != nil {
		return err
	}
	failed := 0
	for _, r := range list {
		if r.Err != nil {
			failed++
			fmt.Fprintf(os.Stderr, "pouch-run: container %s: %s\n", r.Name, cmd.OneLine(r.Err.Error()))
			continue
		}
		fmt.Fprintln(c.App.Writer, r.Name)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d containers failed", failed, len(list))
	}
	return nil
}
