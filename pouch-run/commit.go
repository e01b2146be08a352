package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
)

func commitCommand() *cli.Command {
	return &cli.Command{
		Name:      "commit",
		Usage:     "create an image from a container's changes, and print its id",
		ArgsUsage: "CONTAINER [NAME[:TAG]]",
		Flags: []cli.Flag{
			text("author", "`AUTHOR` of the image, as in Hannah <hannah@example.org>", "a"),
			text("message", "`TEXT` for the image's history", "m"),
			list("change", "apply `INSTRUCTION` of a Dockerfile: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR", "c"),
			&cli.BoolFlag{Name: "pause", Aliases: []string{"p"}, Value: true, Usage: "pause the container meanwhile"},
			flag("quiet", "print nothing but the id, as it is always", "q"),
		},
		Action: commit,
	}
}

func commit(c *cli.Context) error {
	args, err := cmd.Args(c, 1, 2)
	if err != nil {
		return err
	}
	if err := cmd.UTF8(c); err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	ref := ""
	if len(args) > 1 {
		ref = args[1]
	}
	id, err := m.Commit(c.Context, args[0], ref, container.CommitOpts{
		Author: c.String("author"), Message: c.String("message"), Changes: c.StringSlice("change"), Pause: c.Bool("pause"),
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(c.App.Writer, id)
	return nil
}
