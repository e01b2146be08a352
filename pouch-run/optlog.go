package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/stdio/logopt"
	"github.com/pouchcontainer/pouch/pkg/stdio/logtag"
)

// logFlags are the log driver and its options.
func logFlags() []cli.Flag {
	return []cli.Flag{
		text("log-driver", "`DRIVER` json-file, journald, syslog, passthrough or none (default: json-file with -d, no log without)"),
		list("log-opt", "option `KEY=VALUE` of the log driver: max-size, max-file, compress, mode, tag, syslog-address and more"),
	}
}

// readLog reads the log driver and its options.
func readLog(c *cli.Context, o *container.Options) error {
	l := &o.Policy.Log
	l.Driver = c.String("log-driver")
	if err := each(c, "log-opt", func(s string) error {
		key, val, ok := strings.Cut(s, "=")
		if !ok {
			return errs.New(errs.Invalid, "invalid argument %q for --log-opt: write it as key=value", s)
		}
		if l.Opts == nil {
			l.Opts = map[string]string{}
		}
		l.Opts[key] = val
		return nil
	}); err != nil {
		return err
	}
	parsed, err := logopt.Parse(l.Driver, l.Opts)
	if err == nil {
		err = logtag.Check(parsed)
	}
	if err == nil && l.Driver == logopt.Passthrough && c.Bool("tty") {
		err = errs.New(errs.Invalid, "--log-driver passthrough: a terminal (-t) is between the process and the caller's descriptors")
	}
	return err
}
