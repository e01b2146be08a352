package cmd

import (
	"errors"
	"flag"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Code125 makes verb exit with 125 where it would with 1: for verbs whose other
// exit codes are those of a container's command.
func Code125(verb *cli.Command) *cli.Command {
	action := verb.Action
	verb.Action = func(c *cli.Context) error { return with125(action(c)) }
	return Usage125(verb)
}

// Usage125 makes verb exit with 125 when its flags are wrong.
func Usage125(verb *cli.Command) *cli.Command {
	verb.OnUsageError = func(c *cli.Context, err error, sub bool) error {
		return with125(usageError(c, err, sub))
	}
	return verb
}

func with125(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*ExitError](err); ok || errs.KindOf(err).Exit() != 1 {
		return err
	}
	return &ExitError{Code: 125, Err: err}
}

// usageError puts the flag package's complaint into the words people know; -h
// where it is no flag shows the help.
func usageError(c *cli.Context, err error, sub bool) error {
	if errors.Is(err, flag.ErrHelp) {
		if !sub {
			return cli.ShowAppHelp(c)
		}
		cli.HelpPrinter(c.App.Writer, cli.CommandHelpTemplate, c.Command)
		return nil
	}
	name := c.Command.HelpName
	if name == "" {
		name = c.App.Name
	}
	return errs.New(errs.Invalid, "%s (see %s --help)", flagText(err.Error()), name)
}

func flagText(msg string) string {
	if name, ok := strings.CutPrefix(msg, "flag provided but not defined: -"); ok {
		if len(name) == 1 {
			return "unknown shorthand flag: '" + name + "' in -" + name
		}
		return "unknown flag: --" + strings.TrimPrefix(name, "-")
	}
	if name, ok := strings.CutPrefix(msg, "flag needs an argument: -"); ok {
		return "flag needs an argument: " + dashes(name)
	}
	return msg
}

func dashes(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + strings.TrimPrefix(name, "-")
}
