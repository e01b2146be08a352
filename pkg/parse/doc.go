// Package parse turns what people write on a command line into values. Its
// functions are total and touch nothing: what they need of the host (the
// environment, the working directory, a file's text) is an argument. The
// grammar is docker's; where docker accepts more than one spelling, so do they.
// Every error is of kind invalid (unsupported where said so) and is one line.
package parse

import (
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// invalid makes the error of this package.
func invalid(format string, args ...any) error {
	return errs.New(errs.Invalid, format, args...)
}

// checkText refuses what no argument of the kernel can carry: a NUL byte.
func checkText(what, s string) error {
	if strings.ContainsRune(s, 0) {
		return invalid("%s %q: contains a NUL byte", what, s)
	}
	return nil
}
