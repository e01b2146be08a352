package main

import (
	"encoding/json"
	"io"
	"os"
	"sync"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

// progressFlags say what is told meanwhile.
func progressFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "tell no progress"},
		&cli.StringFlag{Name: "progress", Value: "auto", Usage: "`FORM` of what is told on stderr: tty (bars), plain (lines), json (an object a line), auto (bars on a terminal, else lines)"},
	}
}

// progressOf is progress as the flags say.
func progressOf(c *cli.Context) (tell func(registry.Event), done func(), err error) {
	switch mode := c.String("progress"); {
	case c.Bool("quiet"):
		return nil, func() {}, nil
	case mode == "tty" || mode == "auto" && term.IsTerminal(int(os.Stderr.Fd())):
		tell, done = newBars(os.Stderr)
	case mode == "plain" || mode == "auto":
		tell, done = newLines(os.Stderr)
	case mode == "json":
		tell, done = newObjects(os.Stderr)
	default:
		err = errs.New(errs.Invalid, "--progress %s: auto, tty, plain or json", mode)
	}
	return tell, done, err
}

// blobProgress is a line of --progress json.
type blobProgress struct {
	Digest string `json:"digest"`
	Offset int64  `json:"offset"` // bytes so far
	Size   int64  `json:"size"`   // bytes, -1 unknown
	Config bool   `json:"config,omitempty"`
	Done   bool   `json:"done,omitempty"`
	Had    bool   `json:"had,omitempty"` // was here before
}

// newObjects tells a program: a JSON object a line.
func newObjects(out io.Writer) (func(registry.Event), func()) {
	var mu sync.Mutex
	w := json.NewEncoder(out)
	return func(e registry.Event) {
		mu.Lock()
		defer mu.Unlock()
		w.Encode(blobProgress{e.Digest.String(), e.Offset, e.Size, e.Config, e.Done, e.Had}) //nolint:errcheck // stderr may be closed
	}, func() {}
}
