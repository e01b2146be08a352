package engine

import (
	"path/filepath"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// CheckID says with errs.Invalid when id cannot be a container's: it names a
// folder and a cgroup, so it is one path element of [A-Za-z0-9_+.-].
func CheckID(id string) error {
	const ok = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+.-"
	if id == "" || id[0] == '.' || len(id) > 255 || strings.Trim(id, ok) != "" {
		return errs.New(errs.Invalid, "container id %q: want letters, digits, '_', '+', '-' and '.', not first '.'", id)
	}
	return nil
}

// CheckProcess says with errs.Invalid what a process lacks to be run, and with
// errs.NoCommand that its command is the empty word.
func CheckProcess(p *specs.Process) error {
	switch {
	case p == nil:
		return errs.New(errs.Invalid, "the spec has no process")
	case len(p.Args) == 0:
		return errs.New(errs.Invalid, "no command: give one")
	case p.Args[0] == "":
		return errs.New(errs.NoCommand, `exec: "": executable file not found in $PATH`)
	case !filepath.IsAbs(p.Cwd):
		return errs.New(errs.Invalid, "working directory %q: must be an absolute path", p.Cwd)
	}
	return nil
}
