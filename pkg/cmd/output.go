package cmd

import (
	"os"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// OutputFlag is the file of a verb that writes an archive: see OutputFile.
func OutputFlag() cli.Flag {
	return &cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write `FILE` (default: standard output)"}
}

// OutputFile is the file that OutputFlag names; empty means standard output, which
// with kind invalid must not be a terminal. An archive is written beside its name
// and takes its place when it is complete; a device or a pipe, as /dev/null, is no
// such place: standard output is redirected to it.
func OutputFile(c *cli.Context) (string, error) {
	out := c.String("output")
	if out == "" && term.IsTerminal(int(os.Stdout.Fd())) {
		return "", errs.New(errs.Invalid, "%s: standard output is a terminal: give -o FILE, or redirect it", c.Command.Name)
	}
	if out == "-" {
		return "", nil
	}
	st, err := os.Stat(out)
	if err != nil || st.Mode().IsRegular() {
		return out, nil //nolint:nilerr // what is not there is made
	}
	return "", redirect(out)
}

// redirect makes path, which is there, the standard output.
func redirect(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return errs.New(errs.Invalid, "%w", err)
	}
	defer f.Close()
	return unix.Dup3(int(f.Fd()), int(os.Stdout.Fd()), 0)
}
