package main

import (
	"os"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/libexec"
)

func inspectCommand() *cli.Command {
	return &cli.Command{
		Name:      "inspect",
		Usage:     "print everything about containers as a JSON array",
		ArgsUsage: "CONTAINER…",
		Flags: append(cmd.InspectFlags(),
			&cli.StringFlag{Name: "type", Value: "container", Usage: "container, image, network or volume"}),
		Action: inspect,
	}
}

func inspect(c *cli.Context) error {
	targets, err := cmd.Targets(c)
	if err != nil {
		return err
	}
	switch kind := c.String("type"); kind {
	case "container":
	case "image", "network", "volume":
		return elsewhere(c, map[string]string{"image": "pouch-image", "network": "pouch-net", "volume": "pouch-vol"}[kind], targets)
	default:
		return errs.New(errs.Invalid, "unknown type: %q: container, image, network or volume", kind)
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	return cmd.Inspect(c, targets, func(t string) (*container.Info, error) { return m.Inspect(c.Context, t) })
}

// elsewhere becomes the program that knows the other kinds of object.
func elsewhere(c *cli.Context, program string, targets []string) error {
	path, err := libexec.Find(program)
	if err != nil {
		return err
	}
	argv := []string{program, "--root", c.String("root"), "--run-root", c.String("run-root")}
	if a := c.String("address"); a != "" && program == "pouch-image" {
		argv = append(argv, "--address", a)
	}
	argv = append(argv, "inspect")
	if c.IsSet("format") {
		argv = append(argv, "--format", c.String("format"))
	}
	return unix.Exec(path, append(append(argv, "--"), targets...), os.Environ())
}
