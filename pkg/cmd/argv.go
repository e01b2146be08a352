package cmd

import (
	"strings"

	"github.com/urfave/cli/v2"
)

// Argv puts a command line (args[0] is the program) into the one form that the
// flag library reads the same way as docker's: every flag as --name or
// --name=value under its first name, flags before all other words, "--" between.
// So -itd, -p8080:80, -e=A=1, --net beside --network, and `rm c1 -f` mean what
// docker means by them. Where no verb is named, defaultVerb is put in, if there is
// one: `pouch-run IMG` and `pouch-run --rm IMG`. A verb with Args set takes another
// program's command line: after its first word nothing is looked at. A verb with
// Subcommands is followed down to the last of them. A line with a
// wrong flag is left from there on, for the library to complain about.
func Argv(args []string, globals []cli.Flag, verbs []*cli.Command, defaultVerb string) []string {
	if len(args) == 0 {
		return args
	}
	n := 1 + globalWords(args[1:], flagNames(globals))
	head, rest := args[:n:n], args[n:]
	if len(rest) == 0 || rest[0] == "--help" || rest[0] == "--version" {
		return args
	}
	if len(rest) == 1 && (rest[0] == "-h" || rest[0] == "help") {
		return append(head, "--help")
	}
	if len(rest) > 1 && rest[0] == "help" && findVerb(verbs, rest[1]) != nil { // help VERB
		return append(append(head, rest[1:]...), "--help")
	}
	verb := findVerb(verbs, rest[0])
	if verb == nil {
		if verb = findVerb(verbs, defaultVerb); verb == nil {
			return args
		}
		rest = append([]string{defaultVerb}, rest...)
	}
	for len(rest) > 1 {
		sub := findVerb(verb.Subcommands, rest[1])
		if sub == nil {
			break
		}
		head, rest, verb = append(head, rest[0]), rest[1:], sub
	}
	line := commandLine{flags: flagNames(verb.Flags), stop: verb.Args}
	return append(append(head, rest[0]), line.read(rest[1:])...)
}

// globalWords counts the words at the beginning that are global flags and their
// values.
func globalWords(args []string, flags map[string]cli.Flag) int {
	n := 0
	for n < len(args) {
		name, _, glued := strings.Cut(strings.TrimPrefix(args[n], "--"), "=")
		f := flags[name]
		if f == nil || !strings.HasPrefix(args[n], "--") {
			return n
		}
		n++
		if takesValue(f) && !glued {
			n++
		}
	}
	return len(args)
}

func findVerb(verbs []*cli.Command, name string) *cli.Command {
	for _, v := range verbs {
		if v.HasName(name) {
			return v
		}
	}
	return nil
}

func flagNames(flags []cli.Flag) map[string]cli.Flag {
	m := make(map[string]cli.Flag, 2*len(flags))
	for _, f := range flags {
		for _, n := range f.Names() {
			m[n] = f
		}
	}
	return m
}

func takesValue(f cli.Flag) bool {
	d, ok := f.(cli.DocGenerationFlag)
	return ok && d.TakesValue()
}

// commandLine reads the words after a verb.
type commandLine struct {
	flags map[string]cli.Flag
	stop  bool     // at the first word that is no flag
	out   []string // flags
	words []string
	bad   bool // out ends with what the library must complain about
}

func (l *commandLine) read(args []string) []string {
	for len(args) > 0 && !l.bad {
		switch arg := args[0]; {
		case arg == "--":
			l.words = append(l.words, args[1:]...)
			args = nil
		case strings.HasPrefix(arg, "--"):
			args = l.long(arg, args[1:])
		case len(arg) > 1 && arg[0] == '-':
			args = l.short(arg, args[1:])
		case l.stop:
			l.words = append(l.words, args...)
			args = nil
		default:
			l.words = append(l.words, arg)
			args = args[1:]
		}
	}
	if l.bad {
		return append(l.out, args...)
	}
	return append(append(l.out, "--"), l.words...)
}

// long reads --name, --name=value or --name value and returns what follows.
func (l *commandLine) long(arg string, rest []string) []string {
	name, value, glued := strings.Cut(arg[2:], "=")
	f := l.flags[name]
	if f == nil || len(name) == 1 {
		l.out, l.bad = append(l.out, arg), true
		return rest
	}
	return l.take(f, value, glued, rest)
}

// short reads -a, -abc, -avalue, -a=value or -a value and returns what follows.
func (l *commandLine) short(arg string, rest []string) []string {
	for i := 1; i < len(arg); i++ {
		f := l.flags[arg[i:i+1]]
		if f == nil {
			l.out, l.bad = append(l.out, "-"+arg[i:i+1]), true
			return rest
		}
		after := arg[i+1:]
		if value, eq := strings.CutPrefix(after, "="); eq {
			return l.take(f, value, true, rest)
		}
		if takesValue(f) {
			return l.take(f, after, after != "", rest)
		}
		l.out = append(l.out, "--"+f.Names()[0])
	}
	return rest
}

func (l *commandLine) take(f cli.Flag, value string, glued bool, rest []string) []string {
	flag := "--" + f.Names()[0]
	switch {
	case glued:
		l.out = append(l.out, flag+"="+value)
	case !takesValue(f):
		l.out = append(l.out, flag)
	case len(rest) == 0:
		l.out, l.bad = append(l.out, flag), true
	default:
		l.out, rest = append(l.out, flag+"="+rest[0]), rest[1:]
	}
	return rest
}
