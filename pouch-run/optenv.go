package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// envFlags are podman's for what the process finds around it.
func envFlags() []cli.Flag {
	return []cli.Flag{
		flag("env-host", "pass the caller's whole environment; the image's variables win"),
		list("unsetenv", "leave `VARIABLE` of the image out"),
		flag("unsetenv-all", "leave all variables of the image out"),
		text("tz", "time `ZONE` of the container, as Europe/Berlin, or local for the host's"),
		text("umask", "file mode creation mask, `OCTAL` (default: 0022)"),
	}
}

// readEnv reads what the process finds around it. It comes before --env-file and
// --env, which win.
func readEnv(c *cli.Context, o *container.Options) error {
	p := &o.Process
	if c.Bool("env-host") {
		p.HostEnv = os.Environ()
	}
	p.NoImageEnv = c.Bool("unsetenv-all")
	return firstError(
		hostEnv(p.HostEnv),
		collect(c, "unsetenv", &p.Env, variableName),
		set(c, "umask", &p.Umask, umask),
		set(c, "tz", &o.Mounts, func(s string) ([]record.Mount, error) {
			m, err := timeZone(s)
			return append(o.Mounts, m), err
		}),
	)
}

// hostEnv refuses variables that a record cannot hold.
func hostEnv(env []string) error {
	for _, kv := range env {
		key, value, _ := strings.Cut(kv, "=")
		if err := parse.CheckUTF8(key, value); err != nil {
			return fmt.Errorf("--env-host: %w", err)
		}
	}
	return nil
}

func variableName(s string) (string, error) {
	if s == "" || strings.ContainsAny(s, "=\x00") {
		return "", errs.New(errs.Invalid, "not the name of a variable")
	}
	return s, nil
}

func umask(s string) (*uint32, error) {
	n, err := strconv.ParseUint(s, 8, 32)
	if err != nil || n > 0o777 {
		return nil, errs.New(errs.Invalid, "give permissions in octal, as 0022")
	}
	mask := uint32(n)
	return &mask, nil
}

// timeZone binds a zone's file of the host over /etc/localtime (tzfile(5)).
func timeZone(zone string) (record.Mount, error) {
	const folder = "/usr/share/zoneinfo"
	file := path.Join(folder, path.Clean("/"+zone))
	if zone == "local" {
		file = "/etc/localtime"
	}
	file, err := filepath.EvalSymlinks(file)
	if err == nil {
		var fi os.FileInfo
		if fi, err = os.Stat(file); err == nil && !fi.Mode().IsRegular() {
			err = os.ErrNotExist
		}
	}
	if err != nil {
		return record.Mount{}, errs.New(errs.Invalid, "--tz %s: this host has no such time zone in %s", zone, folder)
	}
	return record.Mount{Type: "bind", Source: file, Destination: "/etc/localtime", ReadOnly: true}, nil
}
