package engine

import (
	"errors"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Classify gives an error of a runtime its kind, by the words of runc and crun,
// and drops what goes before the words of use: `exec: "x": executable file not
// found in $PATH`. An error that has a kind, or says nothing known, is
// returned as it is.
func Classify(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*errs.Error](err); ok {
		return err
	}
	text := err.Error()
	i := strings.LastIndex(text, `exec: "`)
	if i < 0 {
		return classifyCrun(err)
	}
	text = firstLine(text[i:])
	switch {
	case strings.Contains(text, "executable file not found"), strings.Contains(text, "no such file or directory"):
		return &errs.Error{Kind: errs.NoCommand, Err: errors.New(text)}
	case strings.Contains(text, "permission denied"), strings.Contains(text, "is a directory"),
		strings.Contains(text, "not a directory"), strings.Contains(text, "exec format error"):
		return &errs.Error{Kind: errs.NotExecutable, Err: errors.New(text)}
	}
	return err
}

// classifyCrun knows crun's texts: executable file `x` not found in $PATH; open
// executable: Permission denied; exec x: Exec format error.
func classifyCrun(err error) error {
	text := strings.ToLower(err.Error())
	exec := strings.Contains(text, "executable")
	switch {
	case exec && (strings.Contains(text, "not found") || strings.Contains(text, "no such file")):
		return &errs.Error{Kind: errs.NoCommand, Err: err}
	case exec && (strings.Contains(text, "permission denied") || strings.Contains(text, "is a directory") ||
		strings.Contains(text, "operation not permitted")),
		strings.Contains(text, "exec format error"):
		return &errs.Error{Kind: errs.NotExecutable, Err: err}
	}
	return err
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}
