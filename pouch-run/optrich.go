package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// richFlags are PouchContainer's rich containers.
func richFlags() []cli.Flag {
	return []cli.Flag{
		flag("rich", "rich container: an init, or a whole system, runs the command"),
		text("rich-mode", "`INIT` of a rich container: dumb-init, systemd or sbin-init (default: dumb-init)"),
		text("initscript", "`PROGRAM [ARG…]` of the host to run before every start of a rich container, its state on stdin"),
	}
}

func readRich(c *cli.Context, o *container.Options) error {
	if !c.Bool("rich") {
		if c.String("rich-mode") != "" || c.String("initscript") != "" {
			return errs.New(errs.Invalid, "--rich-mode and --initscript are for rich containers: add --rich")
		}
		return nil
	}
	o.Rich = &record.Rich{Mode: spec.RichDumbInit, InitScript: c.String("initscript")}
	return set(c, "rich-mode", &o.Rich.Mode, oneOf("rich-mode", spec.RichDumbInit, spec.RichSystemd, spec.RichSbinInit))
}
