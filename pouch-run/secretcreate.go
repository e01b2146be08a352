package main

import (
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

func secretCreateCommand() *cli.Command {
	return &cli.Command{
		Name:      "create",
		Usage:     "store the content of a file, or of the standard input, and print the secret's name",
		ArgsUsage: "NAME FILE|-",
		Flags: []cli.Flag{
			list("label", "label `KEY[=VALUE]`", "l"),
			flag("replace", "give a secret that exists another content; containers have it from their next start on"),
			flag("env", "FILE is the name of a variable"),
		},
		Action: secretCreate,
	}
}

func secretCreate(c *cli.Context) error {
	args, err := cmd.Args(c, 2, 2)
	if err != nil {
		return err
	}
	if err := cmd.UTF8Flags(c); err != nil {
		return err
	}
	labels, err := parse.Labels(c.StringSlice("label"))
	if err != nil {
		return err
	}
	data, err := givenSecret(c, args[1])
	if err != nil {
		return errs.New(errs.Invalid, "secret %s: %w", args[0], err)
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	if err := m.CreateSecret(args[0], data, labels, c.Bool("replace")); err != nil {
		return err
	}
	fmt.Fprintln(c.App.Writer, args[0])
	return nil
}

func givenSecret(c *cli.Context, from string) ([]byte, error) {
	switch {
	case c.Bool("env"):
		return secretContent(c, parse.SecretSource{Var: from})
	case from == "-":
		return readSecret(os.Stdin)
	}
	return secretContent(c, parse.SecretSource{File: from})
}
