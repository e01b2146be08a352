package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

func verifyCommand() *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "check the signature of an image that is elsewhere, or the content of one that is here; prints its digest",
		ArgsUsage: "docker://NAME|dir:FOLDER|IMAGE…",
		Description: "Of an image here every blob is compared with its digest, and its unpacked layers are looked for (exit code 65).\n" +
			"An image elsewhere must be signed with the given key, or without one be accepted by the signature policy (77).",
		Flags: append(askFlags(),
			&cli.StringFlag{Name: "key", Usage: "`FILE` of the sigstore public key that must have signed"},
			&cli.StringFlag{Name: "gpg-key", Usage: "`FILE` of the GPG public key that must have signed"},
			&cli.StringFlag{Name: "identity", Usage: "`REFERENCE` that must have been signed (default: the image's)"},
			&cli.StringFlag{Name: "digest", Usage: "`DIGEST` that the image must have"},
		),
		Action: verify,
	}
}

func verify(c *cli.Context) error {
	targets, err := cmd.Targets(c)
	if err != nil {
		return err
	}
	ctx, cancel := deadline(c.Context, c.Duration("deadline"))
	defer cancel()
	for _, t := range targets {
		d, err := verifyOne(ctx, c, t)
		if err == nil && c.String("digest") != "" && c.String("digest") != d {
			err = errs.New(errs.Corrupt, "%s: its digest is %s", t, d)
		}
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(c.App.Writer, d); err != nil {
			return err
		}
	}
	return nil
}

func verifyOne(ctx context.Context, c *cli.Context, target string) (string, error) {
	p, err := registry.ParsePlace(target)
	if err != nil {
		return "", err
	}
	by := registry.Signer{Key: c.String("key"), GPGKey: c.String("gpg-key"), Identity: c.String("identity")}
	if p.Transport != registry.Containerd {
		e, done, err := remoteEnd(c, target)
		if err != nil {
			return "", err
		}
		defer done()
		d, err := registry.Verify(ctx, e, by)
		return d.String(), err
	}
	if by != (registry.Signer{}) {
		return "", errs.New(errs.Unsupported, "verify %s: an image here has no signatures any more: give docker://NAME", target)
	}
	m, err := manager(c)
	if err != nil {
		return "", err
	}
	defer m.Close()
	d, err := m.Verify(ctx, p.Rest)
	return d.String(), err
}
