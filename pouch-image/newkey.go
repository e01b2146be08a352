package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

func newKeyCommand() *cli.Command {
	return &cli.Command{
		Name:  "generate-sigstore-key",
		Usage: "generate a key pair for signing images: PREFIX.private and PREFIX.pub",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output-prefix", Required: true, Usage: "`PREFIX` of the two files"},
			&cli.StringFlag{Name: "passphrase-file", Usage: "`FILE` with the passphrase that encrypts the private key (default: an empty one)"},
		},
		Action: newKey,
	}
}

func newKey(c *cli.Context) error {
	if _, err := cmd.Args(c, 0, 0); err != nil {
		return err
	}
	passphrase := []byte{}
	if f := c.String("passphrase-file"); f != "" {
		var err error
		if passphrase, err = readPassphrase(f); err != nil {
			return err
		}
	}
	private, public := c.String("output-prefix")+".private", c.String("output-prefix")+".pub"
	for _, f := range []string{private, public} {
		if _, err := os.Lstat(f); !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(err, errs.New(errs.Conflict, "%s exists already", f))
		}
	}
	secret, open, err := registry.NewKey(passphrase)
	if err != nil {
		return err
	}
	if err := errors.Join(fsx.WriteFile(private, secret, 0o600), fsx.WriteFile(public, open, 0o644)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.App.Writer, "%s\n%s\n", private, public)
	return err
}
