package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
)

// attachFlags say what of the streams the command has.
func attachFlags() []cli.Flag {
	return []cli.Flag{
		list("attach", "attach to `STREAM` stdin, stdout or stderr alone; the output goes to the log, too (default: all three)", "a"),
	}
}

// readAttach reads what of the streams the command has.
func readAttach(c *cli.Context, o *container.Options) error {
	return collect(c, "attach", &o.Attach, func(s string) (string, error) {
		return oneOf("attach", "stdin", "stdout", "stderr")(strings.ToLower(s))
	})
}
