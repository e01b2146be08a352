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
	"github.com/pouchcontainer/pouch/pkg/record"
)

// readPolicy reads what happens to the container around its process.
func readPolicy(c *cli.Context, o *container.Options) error {
	o.Policy.AutoRemove = c.Bool("rm")
	err := firstError(
		set(c, "restart", &o.Policy.Restart, parse.Restart),
		set(c, "pull", &o.Pull, oneOf("pull", "always", "missing", "never")),
		set(c, "on-client-exit", &o.Policy.OnClientExit, oneOf("on-client-exit", "kill", "stop", "keep")),
	)
	if err != nil {
		return err
	}
	return readLog(c, &o.Policy.Log)
}

// readLog reads the log driver, which is json-file or none.
func readLog(c *cli.Context, l *record.Log) error {
	switch l.Driver = c.String("log-driver"); l.Driver {
	case "", "json-file", "none":
	default:
		return errs.New(errs.Unsupported, "--log-driver %s: no log driver of that name: use json-file or none", l.Driver)
	}
	return each(c, "log-opt", func(s string) error {
		key, val, ok := strings.Cut(s, "=")
		switch {
		case l.Driver == "none":
			return errs.New(errs.Invalid, "invalid logging opts for driver none")
		case !ok:
			return errs.New(errs.Invalid, "invalid argument %q for --log-opt: write it as key=value", s)
		}
		switch key {
		case "max-size":
			if val != "-1" {
				if _, err := parse.Size(val); err != nil {
					return errs.New(errs.Invalid, "--log-opt %s: %w", s, err)
				}
			}
		case "max-file":
			if strings.Trim(val, "0123456789") != "" || strings.Trim(val, "0") == "" {
				return errs.New(errs.Invalid, "--log-opt %s: max-file is a number of at least 1", s)
			}
		default:
			return errs.New(errs.Invalid, "unknown log opt '%s' for json-file log driver", key)
		}
		if l.Opts == nil {
			l.Opts = map[string]string{}
		}
		l.Opts[key] = val
		return nil
	})
}

// readIdentity reads what the container is called.
func readIdentity(c *cli.Context, o *container.Options) error {
	if c.IsSet("name") {
		var err error
		if o.Name, err = parse.Name("container", c.String("name")); err != nil {
			return err
		}
	}
	var labels []string
	err := firstError(
		set(c, "hostname", &o.Host.Hostname, parse.Hostname),
		set(c, "domainname", &o.Host.Domainname, parse.Hostname),
		each(c, "label-file", func(f string) error {
			return readFile(f, "--label-file", func(r io.Reader) error {
				got, err := parse.LabelFile(f, r)
				labels = append(labels, got...)
				return err
			})
		}),
	)
	if err != nil {
		return err
	}
	if o.Process.Labels, err = parse.Labels(append(labels, c.StringSlice("label")...)); err != nil {
		return err
	}
	o.Annotations, err = parse.Labels(c.StringSlice("annotation"))
	return err
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
