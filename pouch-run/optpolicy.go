package main

import (
	"math"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

// policyFlags say what happens to the container around its process.
func policyFlags() []cli.Flag {
	return []cli.Flag{
		flag("rm", "remove the container and its anonymous volumes when it ends"),
		text("restart", "`WHEN` to restart: no, always, unless-stopped or on-failure[:MAX] (default: no)"),
		&cli.UintFlag{Name: "timeout", Usage: "`SECONDS` after which the container is stopped", DefaultText: "no limit"},
		text("pidfile", "write the pid of the container's process to `FILE` at every start"),
	}
}

// readPolicy reads what happens to the container around its process.
func readPolicy(c *cli.Context, o *container.Options) error {
	o.Policy.AutoRemove = c.Bool("rm")
	if t := c.Uint("timeout"); t > math.MaxInt32 {
		return errs.New(errs.Invalid, "--timeout %d: at most %d seconds", t, math.MaxInt32)
	}
	o.Policy.Timeout = int(c.Uint("timeout"))
	return firstError(
		set(c, "restart", &o.Policy.Restart, parse.Restart),
		set(c, "on-client-exit", &o.Policy.OnClientExit, oneOf("on-client-exit", "kill", "stop", "keep")),
		set(c, "pidfile", &o.Policy.PidFile, newFilePath),
	)
}

// newFilePath makes the path of a file that may not be there yet absolute; its
// folder must be.
func newFilePath(s string) (string, error) {
	abs, err := filepath.Abs(s)
	if err != nil {
		return "", err
	}
	_, err = folder(filepath.Dir(abs))
	return abs, err
}
