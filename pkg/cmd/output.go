package cmd

import (
	"os"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// OutputFlag is the file of a verb that writes an archive: see OutputFile.
func OutputFlag() cli.Flag {
	return &cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write `FILE` (default: standard output)"}
}

// OutputFile is the file that OutputFlag names; empty means standard output. With
// kind invalid it refuses a terminal, and what is no file: archives are written
// beside their name and then take its place, be it /dev/null.
func OutputFile(c *cli.Context) (string, error) {
	out := c.String("output")
	if out == "" && term.IsTerminal(int(os.Stdout.Fd())) {
		return "", errs.New(errs.Invalid, "%s: standard output is a terminal: give -o FILE, or redirect it", c.Command.Name)
	}
	if out == "-" {
		return "", nil
	}
	if st, err := os.Stat(out); err == nil && !st.Mode().IsRegular() {
		return "", errs.New(errs.Invalid, "%s: %s is no regular file: redirect standard output to it", c.Command.Name, out)
	}
	return out, nil
}
