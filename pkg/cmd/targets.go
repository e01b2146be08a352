package cmd

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Args returns the arguments and fails with kind invalid unless there are at
// least low and, with high >= 0, at most high.
func Args(c *cli.Context, low, high int) ([]string, error) {
	n := c.NArg()
	if n < low || (high >= 0 && n > high) {
		return nil, errs.New(errs.Invalid, "%s: %s (usage: %s %s %s)", c.Command.Name, wanted(low, high), c.App.Name, spelled(c), c.Command.ArgsUsage)
	}
	return c.Args().Slice(), nil
}

// spelled is how the user spells the verb: checkpoint ls.
func spelled(c *cli.Context) string {
	var words []string
	for _, above := range c.Lineage() {
		if above.Command != nil && above.Command.Name != "" && above.Command.Name != c.App.Name {
			words = append([]string{above.Command.Name}, words...)
		}
	}
	return strings.Join(words, " ")
}

func wanted(low, high int) string {
	switch {
	case high == 0:
		return "takes no arguments"
	case low == high:
		return "requires exactly " + plural(low)
	case high < 0:
		return "requires at least " + plural(low)
	}
	return fmt.Sprintf("requires %d to %s", low, plural(high))
}

func plural(n int) string {
	if n == 1 {
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", n)
}

// Targets returns the arguments with each "-" replaced by the lines of stdin.
func Targets(c *cli.Context) ([]string, error) {
	args, err := Args(c, 1, -1)
	if err != nil {
		return nil, err
	}
	return expand(args, os.Stdin)
}

func expand(args []string, stdin io.Reader) ([]string, error) {
	var out []string
	for _, a := range args {
		if a != "-" {
			out = append(out, a)
			continue
		}
		sc := bufio.NewScanner(stdin)
		for sc.Scan() {
			if t := strings.TrimSpace(sc.Text()); t != "" {
				out = append(out, t)
			}
		}
		if err := sc.Err(); err != nil {
			return nil, fmt.Errorf("read targets from stdin: %w", err)
		}
	}
	return out, nil
}

// Each calls do for every target, prints the target on stdout when that
// worked and the error on stderr when not, and goes on; any failure makes the
// exit code 1.
func Each(c *cli.Context, targets []string, do func(target string) error) error {
	return EachLine(c, targets, func(t string) (string, error) { return t, do(t) })
}

// EachLine is Each for verbs that print something else than the target: the
// line that do returns, nothing when it is empty.
func EachLine(c *cli.Context, targets []string, do func(target string) (line string, err error)) error {
	failed := false
	for _, t := range targets {
		if err := c.Context.Err(); err != nil {
			return err
		}
		line, err := do(t)
		if err != nil {
			if c.Context.Err() != nil {
				return c.Context.Err()
			}
			Warn(c, err)
			failed = true
			continue
		}
		if line != "" {
			fmt.Fprintln(c.App.Writer, line)
		}
	}
	if failed {
		return &ExitError{Code: 1}
	}
	return nil
}
