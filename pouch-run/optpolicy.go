package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

// policyFlags say what happens to the container around its process.
func policyFlags() []cli.Flag {
	return []cli.Flag{
		flag("rm", "remove the container and its anonymous volumes when it ends"),
		text("restart", "`WHEN` to restart: no, always, unless-stopped or on-failure[:MAX] (default: no)"),
	}
}

// readPolicy reads what happens to the container around its process.
func readPolicy(c *cli.Context, o *container.Options) error {
	o.Policy.AutoRemove = c.Bool("rm")
	return firstError(
		set(c, "restart", &o.Policy.Restart, parse.Restart),
		set(c, "on-client-exit", &o.Policy.OnClientExit, oneOf("on-client-exit", "kill", "stop", "keep")),
	)
}
