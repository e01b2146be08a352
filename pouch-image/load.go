package main

import (
	"fmt"
	"os"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/image"
	"github.com/pouchcontainer/pouch/pkg/imageref"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

func loadCommand() *cli.Command {
	return &cli.Command{
		Name:  "load",
		Usage: "load images from an archive (docker-archive or oci-archive, plain or compressed)",
		Flags: append(progressFlags(),
			&cli.StringFlag{Name: "input", Aliases: []string{"i"}, Usage: "read `FILE` (default: standard input)"},
			maxLayerFlag(),
			&cli.StringFlag{Name: "platform", Usage: "`OS/ARCH[/VARIANT]` to choose from an index (default: this machine's)"},
		),
		Action: load,
	}
}

func load(c *cli.Context) error {
	if _, err := cmd.Args(c, 0, 0); err != nil {
		return err
	}
	in, err := input(c.String("input"))
	if err != nil {
		return err
	}
	defer in.Close()
	m, err := boundedManager(c)
	if err != nil {
		return err
	}
	defer m.Close()
	tell, done, err := progressOf(c)
	if err != nil {
		return err
	}
	var lines []string
	err = m.Load(c.Context, in, registry.Options{Platform: c.String("platform")}, tell, func(l image.Loaded) {
		lines = append(lines, loadedLines(l)...)
	})
	done()
	for _, l := range lines {
		fmt.Fprintln(c.App.Writer, l)
	}
	return err
}

func loadedLines(l image.Loaded) []string {
	if len(l.Names) == 0 {
		return []string{"Loaded image ID: " + l.ID.String()}
	}
	var out []string
	for _, n := range l.Names {
		out = append(out, "Loaded image: "+imageref.Familiar(n))
	}
	return out
}

func input(path string) (*os.File, error) {
	if path != "" && path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, errs.New(errs.Invalid, "load: %w", err)
		}
		return f, nil
	}
	if term.IsTerminal(int(os.Stdin.Fd())) {
		return nil, errs.New(errs.Invalid, "load: standard input is a terminal: give -i FILE, or an archive through a pipe")
	}
	return os.Stdin, nil
}
