package main

import (
	"os"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/libexec"
)

func inspectCommand() *cli.Command {
	return &cli.Command{
		Name:      "inspect",
		Usage:     "print details of containers, or of other objects with the name, as a JSON array",
		ArgsUsage: "NAME…",
		Flags: append(cmd.InspectFlags(),
			flag("size", "with SizeRw and SizeRootFs of containers: what their roots take on the disk", "s"),
			&cli.StringFlag{Name: "type", Usage: "`KIND`: container, image, network or volume (default: the first that has the name)"}),
		Action: inspect,
	}
}

func inspect(c *cli.Context) error {
	targets, err := cmd.Targets(c)
	if err != nil {
		return err
	}
	switch kind := c.String("type"); kind {
	case "", "container":
	case "image", "network", "volume":
		return elsewhere(c, map[string]string{"image": "pouch-image", "network": "pouch-net", "volume": "pouch-vol"}[kind], targets)
	default:
		return errs.New(errs.Invalid, "unknown type: %q: container, image, network or volume", kind)
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	return cmd.Inspect(c, targets, func(t string) (any, error) { return findAny(c, m, t) })
}

// elsewhere becomes the program that knows the other kinds of object.
func elsewhere(c *cli.Context, program string, targets []string) error {
	path, err := libexec.Find(program)
	if err != nil {
		return err
	}
	return unix.Exec(path, append([]string{program}, inspectArgs(c, program, c.String("format"), targets...)...), os.Environ())
}
