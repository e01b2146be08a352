package main

import (
	"io"
	"os"
	"path"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

// processFlags say what the container's process is.
func processFlags() []cli.Flag {
	return []cli.Flag{
		flag("interactive", "keep stdin open", "i"),
		flag("tty", "give the container a terminal", "t"),
		list("env", "set `KEY=VALUE`, or pass KEY from here", "e"),
		list("env-file", "read variables from `FILE`"),
		text("workdir", "`FOLDER` in the container to run in", "w"),
		text("user", "`USER[:GROUP]` by name or id", "u"),
		list("group-add", "further `GROUP` of the user"),
		text("entrypoint", "`COMMAND` in place of the image's entrypoint; the empty word removes it"),
		text("stop-signal", "`SIGNAL` that asks the container to stop (default: the image's, else TERM)"),
		&cli.IntFlag{Name: "stop-timeout", Usage: "`SECONDS` from the stop signal to KILL; -1: for ever (default: 10)"},
		list("ulimit", "limit of setrlimit(2): `NAME=SOFT[:HARD]`"),
	}
}

// readProcess reads what the container's process is.
func readProcess(c *cli.Context, o *container.Options) error {
	p := &o.Process
	p.TTY, p.OpenStdin = c.Bool("tty"), c.Bool("interactive")
	if p.EntrypointSet = c.IsSet("entrypoint"); p.EntrypointSet && c.String("entrypoint") != "" {
		p.Entrypoint = []string{c.String("entrypoint")}
	}
	if c.IsSet("stop-timeout") {
		t := c.Int("stop-timeout")
		p.StopTimeout = &t
	}
	return firstError(
		each(c, "env-file", func(f string) error {
			return readFile(f, "--env-file", func(r io.Reader) error {
				got, err := parse.EnvFile(f, r, os.LookupEnv)
				p.Env = append(p.Env, got...)
				return err
			})
		}),
		collect(c, "env", &p.Env, func(s string) (string, error) { return parse.Env(s, os.LookupEnv) }),
		set(c, "workdir", &p.Cwd, workdir),
		set(c, "user", &p.User, parse.User),
		collect(c, "group-add", &p.Groups, parse.Group),
		collect(c, "ulimit", &p.Rlimits, parse.Ulimit),
		set(c, "stop-signal", &p.StopSignal, func(s string) (string, error) { _, err := parse.Signal(s); return s, err }),
	)
}

func workdir(s string) (string, error) {
	if !path.IsAbs(s) || strings.ContainsRune(s, 0) {
		return "", errs.New(errs.Invalid, "the working directory '%s' is invalid, it needs to be an absolute path", s)
	}
	return path.Clean(s), nil
}

// readFile opens a file that a flag names.
func readFile(name, flag string, read func(io.Reader) error) error {
	f, err := os.Open(name)
	if err != nil {
		return errs.New(errs.Invalid, "%s: %w", flag, err)
	}
	defer f.Close()
	return read(f)
}
