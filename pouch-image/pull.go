package main

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/image"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

func pullCommand() *cli.Command {
	return &cli.Command{
		Name:      "pull",
		Usage:     "pull images from a registry and unpack them; prints their full references",
		ArgsUsage: "NAME[:TAG|@DIGEST]…",
		Flags: append(append(registryFlags(), progressFlags()...),
			&cli.StringFlag{Name: "platform", Usage: "`OS/ARCH[/VARIANT]` to choose from an index (default: this machine's)"},
			&cli.BoolFlag{Name: "all-platforms", Usage: "fetch every image of an index; that of --platform alone is unpacked"},
			&cli.IntFlag{Name: "retry", Value: 2, Usage: "try again `N` times after a failure that may pass, and of a layer each time that nothing came"},
			&cli.DurationFlag{Name: "retry-delay", Usage: "`TIME` before each further try, as 5s", DefaultText: "1s, doubling"},
			maxLayerFlag(),
			&cli.BoolFlag{Name: "missing", Usage: "fetch only what is not here; tells which on stderr"},
			&cli.StringFlag{Name: "locked", Usage: "pull what `FILE`, written by lock, says; without names all of it"},
			&cli.DurationFlag{Name: "deadline", Usage: "give up after this time, as in 5m (default: when nothing comes for 30s)"},
		),
		Action: pull,
	}
}

// registryFlags say how to reach a registry.
func registryFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "creds", Usage: "`USER:PASSWORD` for the registry"},
		&cli.StringFlag{Name: "authfile", EnvVars: []string{"REGISTRY_AUTH_FILE"}, Usage: "`FILE` of credentials (default: the usual ones, ~/.docker/config.json among them)"},
		&cli.StringFlag{Name: "cert-dir", Usage: "`FOLDER` with *.crt, *.cert and *.key for the registry (default: certs.d)"},
		&cli.BoolFlag{Name: "tls-verify", Value: true, Usage: "require a valid certificate (default: yes, but not of this machine's own registries)"},
		&cli.StringFlag{Name: "policy", Usage: "signature policy `FILE` (default: /etc/containers/policy.json if there is one)"},
	}
}

func registryOptions(c *cli.Context) registry.Options {
	o := registry.Options{
		Creds: c.String("creds"), AuthFile: c.String("authfile"), CertDir: c.String("cert-dir"), Policy: c.String("policy"),
		Platform: c.String("platform"), All: c.Bool("all-platforms"), Retry: c.Int("retry"), RetryDelay: max(0, c.Duration("retry-delay")), UserAgent: "pouch/" + cmd.Version,
	}
	if c.IsSet("tls-verify") {
		v := c.Bool("tls-verify")
		o.TLSVerify = &v
	}
	return o
}

func pull(c *cli.Context) error {
	if c.Bool("missing") && c.IsSet("locked") {
		return errs.New(errs.Invalid, "--missing and --locked are mutually exclusive")
	}
	least := 1
	if c.IsSet("locked") {
		least = 0
	}
	args, err := cmd.Args(c, least, -1)
	if err != nil {
		return err
	}
	tell, done, err := progressOf(c)
	if err != nil {
		return err
	}
	m, err := boundedManager(c)
	if err != nil {
		return err
	}
	defer m.Close()
	ctx, cancel := deadline(c.Context, c.Duration("deadline"))
	defer cancel()
	pulled, err := pullAll(ctx, c, m, args, tell)
	done()
	for _, img := range pulled {
		fmt.Fprintln(c.App.Writer, img.Name)
	}
	return err
}

// pullAll pulls what the registries have by those names now, or what the lock
// file says.
func pullAll(ctx context.Context, c *cli.Context, m *image.Manager, names []string, tell func(registry.Event)) ([]*image.Image, error) {
	if c.Bool("missing") {
		return m.PullMissing(ctx, names, registryOptions(c), tell, func(name string) {
			if !c.Bool("quiet") {
				fmt.Fprintf(c.App.ErrWriter, "Unable to find image '%s'%s locally\n", name, forPlatform(c.String("platform")))
			}
		})
	}
	if !c.IsSet("locked") {
		return m.PullAll(ctx, names, registryOptions(c), tell)
	}
	lock, err := readLock(c.String("locked"))
	if err != nil {
		return nil, err
	}
	return m.PullLocked(ctx, lock, names, registryOptions(c), tell)
}

func forPlatform(platform string) string {
	if platform == "" {
		return ""
	}
	return " for " + platform
}

func deadline(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, d, errs.New(errs.Unavailable, "not done after %v", d))
}
