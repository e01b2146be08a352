package main

import (
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Exit codes after sysexits.h, for scripts that decide what to do next.
const (
	exitOther     = 1
	exitData      = 65 // EX_DATAERR: content is not what its digest says
	exitTempFail  = 75 // EX_TEMPFAIL: the same may work later
	exitForbidden = 77 // EX_NOPERM: credentials, rights, policy
)

func withCode(action cli.ActionFunc) cli.ActionFunc {
	return func(c *cli.Context) error {
		err := action(c)
		if _, ok := errors.AsType[*cmd.ExitError](err); ok || err == nil {
			return err
		}
		if code := codeOf(err); code != exitOther {
			return &cmd.ExitError{Code: code, Err: err}
		}
		return err
	}
}

func codeOf(err error) int {
	switch errs.KindOf(err) {
	case errs.Corrupt:
		return exitData
	case errs.Unavailable:
		return exitTempFail
	case errs.Denied:
		return exitForbidden
	}
	return exitOther
}

// eachLine is cmd.EachLine, whose exit code is that of all failures when they have the
// same.
func eachLine(c *cli.Context, targets []string, do func(target string) (line string, err error)) error {
	code := 0
	err := cmd.EachLine(c, targets, func(t string) (string, error) {
		line, err := do(t)
		switch {
		case err == nil:
		case code == 0 || code == codeOf(err):
			code = codeOf(err)
		default:
			code = exitOther
		}
		return line, err
	})
	if e, ok := errors.AsType[*cmd.ExitError](err); ok && e.Err == nil && code != 0 {
		e.Code = code
	}
	return err
}

// coded gives the verbs this program's exit codes.
func coded(verbs ...*cli.Command) []*cli.Command {
	for _, v := range verbs {
		v.Action = withCode(v.Action)
	}
	return verbs
}
