package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

func execCommand() *cli.Command {
	return cmd.Usage125(&cli.Command{
		Name:      "exec",
		Usage:     "run a command in a running container",
		ArgsUsage: "CONTAINER COMMAND [ARG…]",
		Args:      true,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "detach", Aliases: []string{"d"}, Usage: "do not wait for the command"},
			&cli.BoolFlag{Name: "interactive", Aliases: []string{"i"}, Usage: "give the command the standard input"},
			&cli.BoolFlag{Name: "tty", Aliases: []string{"t"}, Usage: "give the command a terminal"},
			&cli.StringSliceFlag{Name: "env", Aliases: []string{"e"}, KeepSpace: true, Usage: "set `KEY=VALUE`, or pass KEY from here"},
			&cli.StringSliceFlag{Name: "env-file", Usage: "read variables from `FILE`"},
			&cli.StringFlag{Name: "workdir", Aliases: []string{"w"}, Usage: "`FOLDER` in the container to run in"},
			&cli.StringFlag{Name: "user", Aliases: []string{"u"}, Usage: "`USER[:GROUP]` by name or id"},
			&cli.BoolFlag{Name: "privileged", Usage: "give the command every capability"},
			&cli.UintFlag{Name: "preserve-fds", Usage: "give the command `N` of the caller's descriptors, from 3 on"},
			&cli.StringFlag{Name: "on-client-exit", Usage: "`WHAT` happens to the command, and all that it started, when this program dies: kill, stop or keep (default: kill)"},
			detachKeysFlag(),
		},
		Action: execVerb,
	})
}

func execVerb(c *cli.Context) error {
	args, err := cmd.Args(c, 2, -1)
	if err != nil {
		return &cmd.ExitError{Code: 125, Err: err}
	}
	if err := cmd.UTF8(c, "env-file"); err != nil {
		return &cmd.ExitError{Code: 125, Err: err}
	}
	env, err := execEnv(c)
	if err != nil {
		return &cmd.ExitError{Code: 125, Err: err}
	}
	o, err := execOptions(c, args[1:], env)
	if err != nil {
		return &cmd.ExitError{Code: 125, Err: err}
	}
	m, err := manager(c)
	if err != nil {
		return err
	}
	if o.TTY && !o.Detach {
		warnNoTerminal(c, o.Stdin)
	}
	code, err := m.Exec(c.Context, args[0], o)
	if code == 0 && neverRan(err) {
		return &cmd.ExitError{Code: 125, Err: err}
	}
	return exitCode(code, err)
}

// neverRan reports whether exec failed for another reason than the container's
// state and the command itself: then its exit code must be none that a command has.
func neverRan(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) || container.Lost(err) {
		return false
	}
	return !slices.Contains([]errs.Kind{errs.NotFound, errs.Conflict, errs.NoCommand, errs.NotExecutable}, errs.KindOf(err))
}

// execOptions reads the flags.
func execOptions(c *cli.Context, args, env []string) (container.ExecOpts, error) {
	streams, err := attachedIO(c)
	streams.Preserve = preserver(c)
	o := container.ExecOpts{
		Args: args, Env: env, Cwd: c.String("workdir"), User: c.String("user"), Privileged: c.Bool("privileged"),
		TTY: c.Bool("tty"), Stdin: c.Bool("interactive"), Detach: c.Bool("detach"), IO: streams,
		PreserveFDs: int(c.Uint("preserve-fds")),
	}
	if err == nil && o.PreserveFDs > container.MaxPreserved {
		err = errs.New(errs.Invalid, "--preserve-fds %d: at most %d", o.PreserveFDs, container.MaxPreserved)
	}
	return o, errors.Join(err, set(c, "on-client-exit", &o.OnClientExit, oneOf("on-client-exit", "kill", "stop", "keep")))
}

// execEnv is the environment of the flags: that of the files first.
func execEnv(c *cli.Context) ([]string, error) {
	var env []string
	for _, name := range c.StringSlice("env-file") {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		more, err := parse.EnvFile(name, f, os.LookupEnv)
		f.Close()
		if err != nil {
			return nil, err
		}
		env = append(env, more...)
	}
	for _, s := range c.StringSlice("env") {
		kv, err := parse.Env(s, os.LookupEnv)
		if err != nil {
			return nil, err
		}
		if strings.Contains(kv, "=") {
			env = append(env, kv)
		}
	}
	return env, nil
}

// standardIO is this program's own streams.
func standardIO() container.IO {
	return container.IO{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
}

// exitCode makes a container's exit code this program's.
func exitCode(code int, err error) error {
	if code != 0 {
		return &cmd.ExitError{Code: code, Err: err}
	}
	return err
}

// warnNoTerminal tells who asked for a terminal without having one.
func warnNoTerminal(c *cli.Context, stdin bool) {
	if stdin && !term.IsTerminal(int(os.Stdin.Fd())) {
		cmd.Warn(c, errors.New("the input device is not a TTY"))
	}
}
