package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

func signCommand() *cli.Command {
	return &cli.Command{
		Name:      "sign",
		Usage:     "sign an image in a registry with a sigstore or a GPG key; prints the digest",
		ArgsUsage: "docker://NAME",
		Description: "The signature lies beside the image in its registry, as cosign's do. pouch-image generate-sigstore-key makes\n" +
			"keys; verify --key compares. A GPG key's signature is a file where registries.d says (lookaside-staging,\n" +
			"by default below /var/lib/containers/sigstore), made by the program gpg; verify --gpg-key compares.",
		Flags: append(askFlags(),
			&cli.StringFlag{Name: "key", Usage: "`FILE` of the sigstore private key"},
			&cli.StringFlag{Name: "by", Aliases: []string{"sign-by"}, Usage: "`FINGERPRINT` of a GPG key of gpg's"},
			&cli.StringFlag{Name: "passphrase-file", Aliases: []string{"sign-passphrase-file"}, Usage: "`FILE` with the passphrase of the key (default: an empty one)"},
			&cli.StringFlag{Name: "identity", Aliases: []string{"sign-identity"}, Usage: "`REFERENCE` that is signed (default: the image's)"},
		),
		Action: sign,
	}
}

func sign(c *cli.Context) error {
	args, err := cmd.Args(c, 1, 1)
	if err != nil {
		return err
	}
	o := registry.CopyOptions{SignKey: c.String("key"), SignBy: c.String("by"), SignIdentity: c.String("identity"), SignPassphrase: []byte{}}
	if (o.SignKey == "") == (o.SignBy == "") {
		return errs.New(errs.Invalid, "sign: give --key FILE, or --by FINGERPRINT")
	}
	if f := c.String("passphrase-file"); f != "" {
		if o.SignPassphrase, err = readPassphrase(f); err != nil {
			return err
		}
	}
	e, done, err := remoteEnd(c, args[0])
	if err != nil {
		return err
	}
	defer done()
	ctx, cancel := deadline(c.Context, c.Duration("deadline"))
	defer cancel()
	d, err := registry.Sign(ctx, e, o)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.App.Writer, d)
	return err
}

// remoteEnd is the image at a place that is not containerd, with a folder for what
// is needed meanwhile.
func remoteEnd(c *cli.Context, word string) (e registry.End, done func(), err error) {
	p, err := registry.ParsePlace(word)
	if err != nil {
		return e, nil, err
	}
	if p.Transport == registry.Containerd {
		p.Transport = registry.Docker
	}
	s, err := cmd.Store(c)
	if err != nil {
		return e, nil, err
	}
	o := registryOptions(c)
	o.TempDir, done, err = s.TempDir()
	return registry.End{Place: p, Options: o}, done, err
}
