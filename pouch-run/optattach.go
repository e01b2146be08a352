package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

// attachFlags say what of the streams the command has.
func attachFlags() []cli.Flag {
	return []cli.Flag{
		list("attach", "attach to `STREAM` stdin, stdout or stderr alone; the output goes to the log, too (default: all three)", "a"),
		detachKeysFlag(),
	}
}

// readAttach reads what of the streams the command has.
func readAttach(c *cli.Context, o *container.Options) error {
	if _, err := attachedIO(c); err != nil {
		return err
	}
	return collect(c, "attach", &o.Attach, func(s string) (string, error) {
		return oneOf("attach", "stdin", "stdout", "stderr")(strings.ToLower(s))
	})
}

// detachKeysFlag is the flag of every verb that can be left.
func detachKeysFlag() cli.Flag {
	return &cli.StringFlag{Name: "detach-keys", Value: "ctrl-p,ctrl-q", Usage: "`KEYS` that leave a terminal, such as ctrl-a,d; the empty word: none"}
}

// attachedIO is this program's own streams, with the keys to leave them.
func attachedIO(c *cli.Context) (container.IO, error) {
	io := standardIO()
	var err error
	io.DetachKeys, err = parse.DetachKeys(c.String("detach-keys"))
	return io, err
}
