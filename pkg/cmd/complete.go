package cmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// Completer says what of a binary's words a shell may complete beyond verbs and
// flags. Each function may be nil, returns whole words, and stays silent when
// it cannot tell.
type Completer struct {
	Targets func(c *cli.Context, verb string) []string // what follows a verb, as "stop" or "secret rm"
	Values  func(c *cli.Context, flag string) []string // of a flag, by its first name
}

// Completing gives app the hidden verb that the scripts of `completion` ask.
func Completing(app *cli.App, what Completer) {
	app.Commands = append(app.Commands, &cli.Command{
		Name:   completeVerb,
		Hidden: true,
		Args:   true,
		Action: func(c *cli.Context) error {
			shell, words := c.Args().First(), c.Args().Tail()
			cut := 0
			if shell == "bash" && len(words) == 2 {
				words, cut = bashWords(words[0], words[1])
			}
			for _, word := range what.candidates(c, app, words) {
				printCandidate(c, shell, word, cut)
			}
			return nil
		},
	})
}

// completeVerb is outside of what a container's image may be called.
const completeVerb = "__complete"

// candidate is a word that could stand there, and what it means.
type candidate struct{ word, about string }

// printCandidate writes one line in the form that the shell's script reads.
// Bash completes only what is behind its last word break: cut is what is before.
func printCandidate(c *cli.Context, shell string, w candidate, cut int) {
	switch {
	case shell == "fish" && w.about != "":
		fmt.Fprintf(c.App.Writer, "%s\t%s\n", w.word, w.about)
	case shell == "zsh":
		word := strings.ReplaceAll(w.word, ":", `\:`)
		if w.about != "" {
			word += ":" + w.about
		}
		fmt.Fprintln(c.App.Writer, word)
	default:
		fmt.Fprintln(c.App.Writer, w.word[min(cut, len(w.word)):])
	}
}

// bashWords splits a command line at blanks, without the program's name, and
// tells how much of the last word bash counts to the words before: it breaks
// words at = and :.
func bashWords(line, last string) (words []string, cut int) {
	words = strings.Fields(line)
	if line == "" || strings.HasSuffix(line, " ") {
		words = append(words, "")
	}
	words = words[min(1, len(words)):]
	if len(words) == 0 {
		return []string{""}, 0
	}
	if last == "=" || last == ":" {
		last = ""
	}
	return words, max(0, len(words[len(words)-1])-len(last))
}

// candidates are the words that the last of words could become.
func (w Completer) candidates(c *cli.Context, app *cli.App, words []string) []candidate {
	if len(words) == 0 {
		words = []string{""}
	}
	cur, before := words[len(words)-1], words[:len(words)-1]
	at := where(app, before)
	if at.value != nil {
		return startingWith(cur, "", w.values(c, at.value))
	}
	if name, val, ok := strings.Cut(cur, "="); ok && strings.HasPrefix(name, "--") {
		if f := flagNames(at.flags)[name[2:]]; f != nil {
			return startingWith(val, name+"=", w.values(c, f))
		}
		return nil
	}
	var out []candidate
	switch {
	case at.done:
	case strings.HasPrefix(cur, "-"):
		out = flagCandidates(at.flags)
	default:
		out = verbCandidates(at.verbs)
		if at.verb != "" && len(at.verbs) == 0 && w.Targets != nil {
			for _, t := range w.Targets(c, at.verb) {
				out = append(out, candidate{t, ""})
			}
		}
	}
	return slices.DeleteFunc(out, func(x candidate) bool { return !strings.HasPrefix(x.word, cur) })
}

// place is where in a command line the next word stands.
type place struct {
	verb  string // path of verbs; empty: before the first
	verbs []*cli.Command
	flags []cli.Flag
	value cli.Flag // the word is this flag's value
	done  bool     // another program's words, or after "--"
}

// where follows the words that are written already.
func where(app *cli.App, words []string) place {
	at := place{verbs: app.Commands, flags: app.Flags}
	stop := false
	for _, word := range words {
		switch {
		case at.value != nil:
			at.value = nil
		case at.done:
		case word == "--":
			at.done = true
		case strings.HasPrefix(word, "-") && len(word) > 1:
			at.value = waiting(word, at.flags)
		case findVerb(at.verbs, word) != nil:
			v := findVerb(at.verbs, word)
			at = place{verb: strings.TrimSpace(at.verb + " " + v.Name), verbs: v.Subcommands, flags: v.Flags}
			stop = v.Args
		case stop:
			at.done = true
		}
	}
	return at
}

// waiting is the flag of which word is the name and the next word the value.
func waiting(word string, flags []cli.Flag) cli.Flag {
	name := strings.TrimPrefix(word, "--")
	if strings.Contains(word, "=") {
		return nil
	}
	if !strings.HasPrefix(word, "--") {
		name = word[len(word)-1:]
	}
	if f := flagNames(flags)[name]; f != nil && takesValue(f) {
		return f
	}
	return nil
}

func (w Completer) values(c *cli.Context, f cli.Flag) []string {
	if w.Values == nil {
		return nil
	}
	return w.Values(c, f.Names()[0])
}

func startingWith(cur, before string, words []string) []candidate {
	var out []candidate
	for _, x := range words {
		if strings.HasPrefix(x, cur) {
			out = append(out, candidate{before + x, ""})
		}
	}
	return out
}

func flagCandidates(flags []cli.Flag) []candidate {
	out := []candidate{{"--help", "show help"}}
	for _, f := range flags {
		d, ok := f.(cli.DocGenerationFlag)
		if !ok || hidden(f) {
			continue
		}
		_, about := unquote(d.GetUsage())
		out = append(out, candidate{"--" + f.Names()[0], about})
	}
	return out
}

func verbCandidates(verbs []*cli.Command) []candidate {
	var out []candidate
	for _, v := range verbs {
		if !v.Hidden {
			out = append(out, candidate{v.Name, v.Usage})
		}
	}
	return out
}

// hidden reports whether a flag is left out of help texts.
func hidden(f cli.Flag) bool {
	v, ok := f.(cli.VisibleFlag)
	return ok && !v.IsVisible()
}
