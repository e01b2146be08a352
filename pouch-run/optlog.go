package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

// logFlags are the log driver and its options.
func logFlags() []cli.Flag {
	return []cli.Flag{
		text("log-driver", "`DRIVER` json-file or none (default: json-file with -d, no log without)"),
		list("log-opt", "option `KEY=VALUE` of the log driver: max-size, max-file"),
	}
}

// readLog reads the log driver, which is json-file or none.
func readLog(c *cli.Context, o *container.Options) error {
	l := &o.Policy.Log
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
