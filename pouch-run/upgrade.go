package main

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

func upgradeCommand() *cli.Command {
	return &cli.Command{
		Name:      "upgrade",
		Usage:     "replace the image of a container, and roll back unless the new one is healthy",
		ArgsUsage: "--image IMAGE CONTAINER [COMMAND…]",
		Args:      true,
		Flags: []cli.Flag{
			text("image", "the new `IMAGE`"),
			text("entrypoint", "`COMMAND` in place of the container's entrypoint; the empty word removes it"),
			&cli.DurationFlag{Name: "timeout", Value: time.Minute, Usage: "`TIME` within which the new container must be healthy, or without a health check run on (10s at most)"},
			text("pull", "`WHEN` to pull the image: always, missing or never (default: missing)"),
			flag("quiet", "no progress of the pull", "q"),
			text("authfile", "`FILE` of credentials for the pull (default: the usual ones)"),
		},
		Action: upgrade,
	}
}

func upgrade(c *cli.Context) error {
	args, err := cmd.Args(c, 1, -1)
	if err != nil {
		return err
	}
	o := container.UpgradeOpts{
		Image: c.String("image"), Quiet: c.Bool("quiet"), AuthFile: c.String("authfile"), Timeout: c.Duration("timeout"),
		EntrypointSet: c.IsSet("entrypoint"), Cmd: args[1:],
	}
	if o.EntrypointSet && c.String("entrypoint") != "" {
		o.Entrypoint = []string{c.String("entrypoint")}
	}
	switch {
	case o.Image == "":
		return errs.New(errs.Invalid, "--image is missing: the image that the container gets")
	case o.Timeout <= 0:
		return errs.New(errs.Invalid, "--timeout %v: it must be longer than nothing", o.Timeout)
	}
	if err := set(c, "pull", &o.Pull, oneOf("pull", "always", "missing", "never")); err != nil {
		return err
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	if err := m.Upgrade(c.Context, args[0], o); err != nil {
		return err
	}
	fmt.Fprintln(c.App.Writer, args[0])
	return nil
}
