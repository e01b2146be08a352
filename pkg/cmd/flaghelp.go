package cmd

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// flagHelp is a flag's line of a help text: short names first, its value, whether
// it may be given again, and a default that says something.
func flagHelp(f cli.Flag) string {
	d, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return ""
	}
	names, value, usage := describe(f, d)
	if value != "" {
		names += " " + value
	}
	return names + "	" + usage
}

// describe returns a flag's names, the word for its value, empty for a flag that
// takes none, and what it does. The word is the one in backquotes.
func describe(f cli.Flag, d cli.DocGenerationFlag) (names, value, usage string) {
	value, usage = unquote(d.GetUsage())
	if !d.TakesValue() {
		value = ""
	}
	if s, ok := f.(cli.DocGenerationSliceFlag); ok && s.IsSliceFlag() {
		usage += " (may be repeated)"
	}
	if text := d.GetDefaultText(); !slices.Contains([]string{"", "false", "0", "0s", "-1"}, text) && !strings.Contains(usage, "(default") {
		usage += " (default: " + text + ")"
	}
	if env := d.GetEnvVars(); len(env) > 0 {
		usage += " [$" + strings.Join(env, ", $") + "]"
	}
	return flagWords(f), value, usage
}

// flagWords are the names as they are typed: -e, --env.
func flagWords(f cli.Flag) string {
	var short, long []string
	for _, n := range f.Names() {
		if len(n) == 1 {
			short = append(short, "-"+n)
		} else {
			long = append(long, "--"+n)
		}
	}
	return strings.Join(append(short, long...), ", ")
}

// unquote takes the word in backquotes out of a usage.
func unquote(usage string) (value, text string) {
	before, rest, ok := strings.Cut(usage, "`")
	if !ok {
		return "VALUE", usage
	}
	value, after, ok := strings.Cut(rest, "`")
	if !ok {
		return "VALUE", usage
	}
	return value, before + value + after
}
