package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/docker/go-units"
	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

func cpCommand() *cli.Command {
	return &cli.Command{
		Name:      "cp",
		Usage:     "copy files between a container, running or not, and this machine; - is a tar stream",
		ArgsUsage: "CONTAINER:PATH PATH|- | PATH|- CONTAINER:PATH",
		Flags: []cli.Flag{
			flag("archive", "files keep their owners, and what goes with them; else they belong to root", "a"),
			flag("follow-link", "follow a symbolic link that the source is", "L"),
			flag("quiet", "do not tell how much was copied", "q"),
		},
		Action: cp,
	}
}

func cp(c *cli.Context) error {
	args, err := cmd.Args(c, 2, 2)
	if err != nil {
		return err
	}
	if args[1] == "-" && term.IsTerminal(int(os.Stdout.Fd())) {
		return errs.New(errs.Invalid, "a tar stream is not for a terminal: redirect standard output")
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	done, err := m.Copy(c.Context, args[0], args[1], container.CopyOpts{
		Owners: c.Bool("archive"), Follow: c.Bool("follow-link"), Stdin: os.Stdin, Stdout: c.App.Writer,
	})
	if err != nil {
		return err
	}
	if len(done.Skipped) > 0 {
		cmd.Warn(c, errors.New(skipped(done.Skipped)))
	}
	if !c.Bool("quiet") && args[1] != "-" && term.IsTerminal(int(os.Stdout.Fd())) {
		fmt.Fprintf(c.App.ErrWriter, "Successfully copied %s to %s\n", units.HumanSizeWithPrecision(float64(done.Size), 3), args[1])
	}
	return nil
}

func skipped(names []string) string {
	return fmt.Sprintf("warning: %d device nodes were left out, the first is %s: -a copies them", len(names), names[0])
}
