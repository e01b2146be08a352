package cmd

import (
	"errors"
	"flag"
	"regexp"
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
	name, flags := c.Command.HelpName, c.Command.Flags
	if name == "" {
		name, flags = c.App.Name, c.App.Flags
	}
	msg := err.Error()
	if m := badValue().FindStringSubmatch(msg); m != nil {
		msg = `invalid argument "` + m[1] + `" for ` + dashes(m[2]) + ": want " + kindOfValue(flagNames(flags)[m[2]])
	}
	unknown := strings.TrimLeft(strings.TrimPrefix(msg, "flag provided but not defined:"), " -")
	return errs.New(errs.Invalid, "%s (%ssee %s --help)", flagText(msg), instead(unknown, "--", longNames(flags)), name)
}

// badValue is the flag package's complaint about a value.
func badValue() *regexp.Regexp {
	return regexp.MustCompile(`^invalid (?:boolean )?value "(.*)" for (?:flag )?-([a-z0-9-]+): (?:parse error|value out of range|strconv\.|invalid|time: ).*$`)
}

// kindOfValue says what f takes.
func kindOfValue(f cli.Flag) string {
	if q, ok := f.(*quick); ok {
		f = q.whole
	}
	switch f.(type) {
	case *cli.BoolFlag:
		return "true or false"
	case *cli.DurationFlag:
		return "a duration, such as 90s or 5m"
	case *cli.UintFlag, *cli.Uint64Flag:
		return "a whole number, 0 or more"
	case *cli.IntFlag, *cli.Int64Flag:
		return "a whole number"
	}
	return "another value"
}

func longNames(flags []cli.Flag) []string {
	var names []string
	for _, f := range flags {
		for _, n := range f.Names() {
			if len(n) > 1 {
				names = append(names, n)
			}
		}
	}
	return names
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
