package cmd

import (
	"strings"

	"github.com/urfave/cli/v2"
)

// intersperse moves the flags of a verb before its arguments, for the flag
// package stops at the first argument: rm c1 -f means rm -f c1. A verb with Args
// set takes another program's command line and is left as it is.
func intersperse(app *cli.App, args []string) []string {
	if len(args) == 0 {
		return args
	}
	i := 1
	for i < len(args) && isFlag(args[i]) {
		if args[i] == "--" {
			return args
		}
		i += 1 + extra(app.Flags, args[i])
	}
	if i >= len(args) {
		return args
	}
	verb := app.Command(args[i])
	if verb == nil || verb.Args || verb.SkipFlagParsing {
		return args
	}
	return append(args[:i+1:i+1], flagsFirst(verb.Flags, args[i+1:])...)
}

func flagsFirst(flags []cli.Flag, args []string) []string {
	var front, rest []string
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			rest = append(rest, args[i+1:]...)
			break
		}
		if !isFlag(args[i]) {
			rest = append(rest, args[i])
			continue
		}
		n := min(extra(flags, args[i]), len(args)-1-i)
		front = append(front, args[i:i+1+n]...)
		i += n
	}
	if len(rest) > 0 && strings.HasPrefix(rest[0], "-") {
		front = append(front, "--")
	}
	return append(front, rest...)
}

func isFlag(arg string) bool { return len(arg) > 1 && arg[0] == '-' }

// extra is how many arguments after the flag in arg are its value: 0 or 1.
func extra(flags []cli.Flag, arg string) int {
	if strings.Contains(arg, "=") {
		return 0
	}
	name := strings.TrimLeft(arg, "-")
	if !strings.HasPrefix(arg, "--") && !known(flags, name) { // -it: the last one counts
		name = name[len(name)-1:]
	}
	for _, f := range flags {
		for _, n := range f.Names() {
			if n != name {
				continue
			}
			if d, ok := f.(cli.DocGenerationFlag); ok && d.TakesValue() {
				return 1
			}
		}
	}
	return 0
}

func known(flags []cli.Flag, name string) bool {
	for _, f := range flags {
		for _, n := range f.Names() {
			if n == name {
				return true
			}
		}
	}
	return false
}
