package cmd

import (
	"io"

	"golang.org/x/term"
)

// Terminal reports whether what is written to w is shown on a terminal.
func Terminal(w io.Writer) bool {
	f, ok := w.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd()))
}
