package main

import (
	"os"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/unpack"
)

// importCommand has another name than its file: import is a word of Go's.
func importCommand() *cli.Command {
	return &cli.Command{
		Name:      "import",
		Usage:     "put the files of a tar stream (plain, gzip, bzip2, xz or zstd) into a volume; an empty one gets all or nothing",
		ArgsUsage: "VOLUME [FILE|-]",
		Action: func(c *cli.Context) error {
			args, err := cmd.Args(c, 1, 2)
			if err != nil {
				return err
			}
			in, err := input(args[1:])
			if err != nil {
				return err
			}
			defer in.Close()
			m, err := open(c)
			if err != nil {
				return err
			}
			r, done, err := unpack.Reader(in)
			if err != nil {
				return err
			}
			defer done()
			return m.Import(c.Context, args[0], r)
		},
	}
}

// input opens the file that is named, or standard input, which must not be a
// terminal.
func input(file []string) (*os.File, error) {
	if len(file) > 0 && file[0] != "-" {
		f, err := os.Open(file[0])
		if err != nil {
			return nil, errs.New(errs.Invalid, "import: %w", err)
		}
		return f, nil
	}
	if term.IsTerminal(int(os.Stdin.Fd())) {
		return nil, errs.New(errs.Invalid, "import: standard input is a terminal: give a file, or an archive through a pipe")
	}
	return os.Stdin, nil
}
