package main

import (
	"strings"

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
			&cli.BoolFlag{Name: "no-prune", Usage: "as it is anyway: an image here has no parents that would go with it"},
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
		return told(r), err
	})
}

// told is docker's account of a removal.
func told(r *image.Removed) string {
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
	return strings.Join(lines, "\n")
}
