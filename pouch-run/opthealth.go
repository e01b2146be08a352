package main

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// healthFlags are the health check: each over what the image says.
func healthFlags() []cli.Flag {
	return []cli.Flag{
		text("health-cmd", "`COMMAND` that tells whether the container is well: for its shell, or a JSON array; none: no check"),
		text("health-interval", "`TIME` between two checks (default: 30s)"),
		text("health-timeout", "`TIME` that a check may take (default: 30s)"),
		text("health-start-period", "`TIME` after the start in which failures do not count (default: 0s)"),
		text("health-start-interval", "`TIME` between two checks in that period (default: 5s)"),
		&cli.IntFlag{Name: "health-retries", Usage: "`NUMBER` of failures in a row that mean unhealthy", DefaultText: "3"},
		text("health-on-failure", "`WHAT` is done with an unhealthy container: none, kill, restart or stop (default: none)"),
		flag("no-healthcheck", "no health check, whatever the image says"),
	}
}

// readHealth reads the health check.
func readHealth(c *cli.Context, o *container.Options) error {
	h, said := &record.Health{}, false
	for _, f := range healthFlags() {
		name := f.Names()[0]
		said = said || name != "no-healthcheck" && c.IsSet(name)
	}
	o.NoHealth = c.Bool("no-healthcheck")
	switch {
	case o.NoHealth && said:
		return errs.New(errs.Invalid, "--no-healthcheck conflicts with --health-* options")
	case !said:
		return nil
	case c.String("health-cmd") == "none":
		o.NoHealth = true
		return nil
	}
	h.Test, h.Shell = healthCommand(c.String("health-cmd"))
	if h.Retries = c.Int("health-retries"); h.Retries < 0 {
		return errs.New(errs.Invalid, "--health-retries cannot be negative")
	}
	o.Health = h
	return firstError(
		set(c, "health-interval", &h.Interval, healthTime("health-interval")),
		set(c, "health-timeout", &h.Timeout, healthTime("health-timeout")),
		set(c, "health-start-period", &h.StartPeriod, healthTime("health-start-period")),
		set(c, "health-start-interval", &h.StartInterval, healthTime("health-start-interval")),
		set(c, "health-on-failure", &h.OnFailure, oneOf("health-on-failure", "none", "kill", "restart", "stop")),
	)
}

// healthCommand reads --health-cmd: a JSON array as the image's HEALTHCHECK has
// it, or a text for the shell.
func healthCommand(s string) (words []string, shell bool) {
	if strings.HasPrefix(s, "[") && json.Unmarshal([]byte(s), &words) == nil && len(words) > 0 {
		switch {
		case words[0] == "CMD-SHELL" && len(words) == 2:
			return words[1:], true
		case words[0] == "CMD" && len(words) > 1:
			return words[1:], false
		}
		return words, false
	}
	if s == "" {
		return nil, false
	}
	return []string{s}, true
}

// healthTime reads a duration of the health check: 0, or docker's least and more.
func healthTime(flag string) func(string) (time.Duration, error) {
	return func(s string) (time.Duration, error) {
		d, err := time.ParseDuration(s)
		switch {
		case err != nil:
			return 0, errs.New(errs.Invalid, "invalid argument %q for --%s: want a duration such as 30s or 1m30s", s, flag)
		case d < 0:
			return 0, errs.New(errs.Invalid, "--%s cannot be negative", flag)
		case d > 0 && d < time.Millisecond:
			return 0, errs.New(errs.Invalid, "--%s cannot be less than 1ms", flag)
		}
		return d, nil
	}
}
