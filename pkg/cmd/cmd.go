// Package cmd is what all of Pouch's binaries share: the app, flags, targets,
// output and exit codes. It knows no noun and is the only package that exits.
package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	rdebug "runtime/debug"
	"slices"
	"strings"
	"syscall"
	"unicode"

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
func Main(name, usage string, words Completer, verbs ...*cli.Command) {
	app := App(name, usage, verbs...)
	Completing(app, words)
	os.Exit(Run(Argv(os.Args, app.Flags, app.Commands, ""), app))
}

// App returns a binary's command tree. The word -h is left to the verbs: where
// a verb has no flag of that name it asks for help, as --help does everywhere.
func App(name, usage string, verbs ...*cli.Command) *cli.App {
	cli.FlagStringer = flagHelp
	cli.HelpFlag = &cli.BoolFlag{Name: "help", Usage: "show help", DisableDefaultText: true}
	cli.VersionFlag = &cli.BoolFlag{Name: "version", Usage: "print the version", DisableDefaultText: true}
	verbs = append(verbs, completionCommand(), manCommand())
	frame(verbs)
	return &cli.App{
		Name:                      name,
		Usage:                     usage,
		Version:                   Version,
		Commands:                  verbs,
		Action:                    noVerb,
		Before:                    debug,
		UseShortOptionHandling:    true,
		DisableSliceFlagSeparator: true,
		HideHelpCommand:           true,
		ExitErrHandler:            func(*cli.Context, error) {},
		OnUsageError:              usageError,
		CommandNotFound:           func(*cli.Context, string) {},
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "root", EnvVars: []string{"POUCH_ROOT"}, Value: store.DefaultRoot, Usage: "directory of the state that survives a reboot"},
			&cli.StringFlag{Name: "run-root", EnvVars: []string{"POUCH_RUN_ROOT"}, Value: store.DefaultRunRoot, Usage: "directory of the state that does not survive a reboot"},
			&cli.BoolFlag{Name: "debug", EnvVars: []string{"POUCH_DEBUG"}, Usage: "print debug messages on stderr"},
		},
	}
}

// frame gives the verbs and what is below them the manners that all share.
func frame(verbs []*cli.Command) {
	for _, v := range verbs {
		v.UseShortOptionHandling = true
		v.HideHelpCommand = true
		quicken(v.Flags)
		if v.OnUsageError == nil {
			v.OnUsageError = usageError
		}
		if len(v.Subcommands) > 0 && v.Action == nil {
			v.Action = noSubcommand
		}
		frame(v.Subcommands)
	}
}

// noSubcommand is what a verb that needs another word does without one.
func noSubcommand(c *cli.Context) error {
	if c.NArg() == 0 {
		return cli.ShowSubcommandHelp(c)
	}
	return errs.New(errs.Invalid, "%s: unknown command: %s (%ssee %s %s --help)", c.Command.Name, c.Args().First(),
		instead(c.Args().First(), "", verbNames(c.Command.Subcommands)), c.App.Name, c.Command.Name)
}

// noVerb is what a binary does without a verb: help, or a complaint about a
// word that is none.
func noVerb(c *cli.Context) error {
	if c.NArg() == 0 {
		return cli.ShowAppHelp(c)
	}
	return errs.New(errs.Invalid, "unknown command: %s (%ssee %s --help)", c.Args().First(), instead(c.Args().First(), "", verbNames(c.App.Commands)), c.App.Name)
}

func debug(c *cli.Context) error {
	if c.Bool("debug") {
		slog.SetLogLoggerLevel(slog.LevelDebug)
	}
	return nil
}

// Run runs app on a command line of Argv and returns the exit code. SIGINT and
// SIGTERM cancel the context; a verb that ends because of that has the code 128+n.
func Run(args []string, app *cli.App) int {
	rdebug.SetGCPercent(400) // most commands end before the first collection
	runtime.GOMAXPROCS(1)    // and wait more than they work: threads cost more than they help
	keepDescriptors(app)
	app.Metadata[wordsKey] = args
	dropEmpty("POUCH_ROOT", "POUCH_RUN_ROOT")
	ctx, caught, stop := signalled(context.Background())
	defer stop()
	out := &stdout{w: os.Stdout}
	if app.Writer == nil {
		app.Writer = out
	}
	err := app.RunContext(ctx, args)
	if err == nil {
		err = out.failed()
	}
	if err == nil {
		return 0
	}
	if s := caught(); s != 0 && errors.Is(err, context.Canceled) {
		return 128 + int(s)
	}
	code := errs.KindOf(err).Exit()
	if e, ok := errors.AsType[*ExitError](err); ok {
		code = e.Code
		err = e.Err
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %s\n", app.Name, OneLine(err.Error()))
	}
	return code
}

// dropEmpty takes variables without a value for not set, here and for the programs
// that are started.
func dropEmpty(variables ...string) {
	for _, v := range variables {
		if os.Getenv(v) == "" {
			os.Unsetenv(v)
		}
	}
}

// signalled returns a context that SIGINT or SIGTERM cancels, and what tells
// which of them did.
func signalled(parent context.Context) (ctx context.Context, caught func() syscall.Signal, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, unix.SIGINT, unix.SIGTERM)
	go func() {
		select {
		case s := <-ch:
			cancel(signalCause(s.(syscall.Signal)))
		case <-ctx.Done():
		}
	}()
	caught = func() syscall.Signal {
		if s, ok := errors.AsType[signalCause](context.Cause(ctx)); ok {
			return syscall.Signal(s)
		}
		return 0
	}
	return ctx, caught, func() { signal.Stop(ch); cancel(nil) }
}

// signalCause is a signal as the cause of a cancelled context.
type signalCause syscall.Signal //nolint:errname // of a context

func (s signalCause) Error() string { return syscall.Signal(s).String() }

// Caught is the signal: for those who want to pass it on.
func (s signalCause) Caught() syscall.Signal { return syscall.Signal(s) }

// OneLine keeps a text on one line and free of control characters.
func OneLine(s string) string {
	s = strings.Join(slices.Compact(strings.Split(strings.TrimSpace(s), "\n")), "; ")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '?'
		}
		return r
	}, s)
}

// Store opens the state directories that the flags name.
func Store(c *cli.Context) (*store.Store, error) {
	return store.Open(c.String("root"), c.String("run-root"))
}

// Warn prints one line on stderr.
func Warn(c *cli.Context, err error) {
	fmt.Fprintf(c.App.ErrWriter, "%s: %s\n", c.App.Name, OneLine(err.Error()))
}
