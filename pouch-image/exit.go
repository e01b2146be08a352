package main

import (
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Exit codes after sysexits.h, for scripts that decide what to do next.
const (
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
		switch errs.KindOf(err) {
		case errs.Corrupt:
			return &cmd.ExitError{Code: exitData, Err: err}
		case errs.Unavailable:
			return &cmd.ExitError{Code: exitTempFail, Err: err}
		case errs.Denied:
			return &cmd.ExitError{Code: exitForbidden, Err: err}
		}
		return err
	}
}

// coded gives the verbs this program's exit codes.
func coded(verbs ...*cli.Command) []*cli.Command {
	for _, v := range verbs {
		v.Action = withCode(v.Action)
	}
	return verbs
}
