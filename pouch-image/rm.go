package main

import (
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/image"
)

func rmCommand() *cli.Command {
	return &cli.Command{
		Name:      "rm",
		Aliases:   []string{"rmi", "remove"},
		Usage:     "remove names of images, and images with their last name",
		ArgsUsage: "IMAGE…",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "no-prune", Usage: "keep the images without a name that a removed one was committed from"},
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "also with several names, or of a container that does not run; a missing one is no error"},
		},
		Action: rm,
	}
}

func rm(c *cli.Context) error {
	targets, err := cmd.Targets(c)
	if err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	defer m.Close()
	force := c.Bool("force")
	return eachLine(c, targets, func(t string) (string, error) {
		r, err := m.Remove(c.Context, t, force)
		if force && errs.Is(err, errs.NotFound) { // told, and no failure
			cmd.Warn(c, err)
			return "", nil
		}
		if err != nil || r.Parent == "" || c.Bool("no-prune") {
			return told(r), err
		}
		parents, err := m.RemoveParents(c.Context, r.Parent)
		if err != nil {
			cmd.Warn(c, err) // the image itself is gone
		}
		return told(r, parents...), nil
	})
}

// told is docker's account of a removal.
func told(r *image.Removed, parents ...digest.Digest) string {
	if r == nil {
		return ""
	}
	var lines []string
	for _, n := range r.Untagged {
		lines = append(lines, "Untagged: "+n)
	}
	if r.Deleted != "" {
		lines = append(lines, "Deleted: "+r.Deleted.String())
	}
	for _, p := range parents {
		lines = append(lines, "Deleted: "+p.String())
	}
	return strings.Join(lines, "\n")
}
