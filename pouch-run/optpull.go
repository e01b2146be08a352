package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/manifest"
)

// pullFlags say how the image is had.
func pullFlags() []cli.Flag {
	return []cli.Flag{
		text("pull", "`WHEN` to pull the image: always, missing or never (default: missing)"),
		flag("quiet", "no progress of the pull", "q"),
		text("platform", "`OS/ARCH[/VARIANT]` of the image"),
		text("authfile", "`FILE` of credentials for the pull (default: $REGISTRY_AUTH_FILE, else the usual places)"),
		&cli.BoolFlag{Name: "tls-verify", Value: true, Usage: "require a valid certificate of the registry (default: yes, but not of this machine's own registries)"},
		text("cert-dir", "`FOLDER` with *.crt, *.cert and *.key for the registry (default: certs.d)"),
		&cli.UintFlag{Name: "retry", Usage: "try the pull `N` times more after a failure that may pass", DefaultText: "2"},
		&cli.DurationFlag{Name: "retry-delay", Usage: "`TIME` between them, as 5s", DefaultText: "1s, doubling"},
	}
}

// readPull reads how the image is had.
func readPull(c *cli.Context, o *container.Options) error {
	o.Platform, o.Quiet, o.AuthFile = c.String("platform"), c.Bool("quiet"), c.String("authfile")
	o.CertDir = c.String("cert-dir")
	if c.IsSet("tls-verify") {
		v := c.Bool("tls-verify")
		o.TLSVerify = &v
	}
	if c.IsSet("retry") {
		n := int(min(c.Uint("retry"), 1000))
		o.Retry = &n
	}
	if o.RetryDelay = c.Duration("retry-delay"); o.RetryDelay < 0 {
		return errs.New(errs.Invalid, "--retry-delay %v: a time that is not negative", o.RetryDelay)
	}
	if o.Platform != "" {
		if _, err := manifest.ParsePlatform(o.Platform); err != nil {
			return err
		}
	}
	return set(c, "pull", &o.Pull, oneOf("pull", "always", "missing", "never"))
}
