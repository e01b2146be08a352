// Package cmd is what all of Pouch's binaries share: the app, flags, targets,
// output and exit codes. It knows no noun and is the only package that exits.
package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// Version of the build, set by the linker.
var Version = "dev"

// ExitError ends the program with Code; Err, when there is one, is printed.
type ExitError struct {
	Code int
	Err  error
}

func (e *ExitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit status %d", e.Code)
	}
	return e.Err.Error()
}

// Unwrap returns the printed error.
func (e *ExitError) Unwrap() error { return e.Err }

// Main runs a binary: verbs are its commands. It does not return.
func Main(name, usage string, verbs ...*cli.Command) {
	os.Exit(Run(os.Args, App(name, usage, verbs...)))
}

// App returns a binary's command tree.
func App(name, usage string, verbs ...*cli.Command) *cli.App {
	for _, v := range verbs {
		v.UseShortOptionHandling = true
	}
	return &cli.App{
		Name:                      name,
		Usage:                     usage,
		Version:                   Version,
		Commands:                  verbs,
		UseShortOptionHandling:    true,
		DisableSliceFlagSeparator: true,
		HideHelpCommand:           true,
		ExitErrHandler:            func(*cli.Context, error) {},
		OnUsageError:              usageError,
		CommandNotFound:           func(*cli.Context, string) {},
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "root", EnvVars: []string{"POUCH_ROOT"}, Value: store.DefaultRoot, Usage: "folder of the state that survives a reboot"},
			&cli.StringFlag{Name: "run-root", EnvVars: []string{"POUCH_RUN_ROOT"}, Value: store.DefaultRunRoot, Usage: "folder of the state that ends with the boot"},
			&cli.BoolFlag{Name: "debug", EnvVars: []string{"POUCH_DEBUG"}, Usage: "tell each step on stderr"},
		},
	}
}

func usageError(_ *cli.Context, err error, _ bool) error {
	return errs.New(errs.Invalid, "%w", err)
}

// Run runs app and returns the exit code. SIGINT and SIGTERM cancel the context.
func Run(args []string, app *cli.App) int {
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM)
	defer stop()
	err := app.RunContext(ctx, args)
	if err == nil {
		return 0
	}
	code := errs.KindOf(err).Exit()
	if e, ok := errors.AsType[*ExitError](err); ok {
		code = e.Code
		err = e.Err
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %s\n", app.Name, oneLine(err.Error()))
	}
	return code
}

// oneLine keeps an error on one line and free of control bytes.
func oneLine(s string) string {
	s = strings.ReplaceAll(strings.TrimSpace(s), "\n", "; ")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, s)
}

// Store opens the state directories that the flags name.
func Store(c *cli.Context) (*store.Store, error) {
	return store.Open(c.String("root"), c.String("run-root"))
}

// Args returns the arguments and fails with kind invalid unless there are at
// least low and, with high >= 0, at most high.
func Args(c *cli.Context, low, high int) ([]string, error) {
	n := c.NArg()
	if n < low || (high >= 0 && n > high) {
		return nil, errs.New(errs.Invalid, "%s: %d argument(s) given: usage: %s %s", c.Command.Name, n, c.App.Name, c.Command.Name+" "+c.Command.ArgsUsage)
	}
	return c.Args().Slice(), nil
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
			return nil, err
		}
	}
	return out, nil
}

// Each calls do for every target, prints the target on stdout when that
// worked and the error on stderr when not, and goes on; any failure makes the
// exit code 1.
func Each(c *cli.Context, targets []string, do func(target string) error) error {
	failed := false
	for _, t := range targets {
		if err := do(t); err != nil {
			fmt.Fprintf(c.App.ErrWriter, "%s: %s\n", c.App.Name, oneLine(err.Error()))
			failed = true
			continue
		}
		fmt.Fprintln(c.App.Writer, t)
	}
	if failed {
		return &ExitError{Code: 1}
	}
	return nil
}
