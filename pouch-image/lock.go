package main

import (
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/image"
)

func lockCommand() *cli.Command {
	return &cli.Command{
		Name:      "lock",
		Usage:     "print the digests that names mean in their registries now, for pull --locked",
		ArgsUsage: "[NAME[:TAG]…]",
		Description: "Without names it reads them from standard input, one a line; a lock file will do. Prints NAME DIGEST, one a\n" +
			"line, when all of them are known: pouch-image lock < list > images.lock",
		Flags:  askFlags(),
		Action: lock,
	}
}

func lock(c *cli.Context) error {
	names := c.Args().Slice()
	if len(names) == 0 {
		var err error
		if names, err = image.ReadNames(os.Stdin); err != nil {
			return err
		}
	}
	if len(names) == 0 {
		return errs.New(errs.Invalid, "lock: no names: give them as arguments or on standard input")
	}
	ctx, cancel := deadline(c.Context, c.Duration("deadline"))
	defer cancel()
	locked, err := image.Lock(ctx, names, registryOptions(c))
	if err != nil {
		return err
	}
	for _, l := range locked {
		if _, err := fmt.Fprintln(c.App.Writer, l); err != nil {
			return err
		}
	}
	return nil
}

func readLock(path string) ([]image.Locked, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return image.ReadLock(f)
}
