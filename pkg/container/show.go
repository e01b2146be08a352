package container

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// errUnwritten is what a command says of output that it could not write: the process
// did what it was asked to, and has an exit code of its own.
var errUnwritten = errors.New("write standard output")

// show copies what the process' terminal shows to the caller's standard output. When
// that cannot be written it goes on reading, for a process must not stand still
// because of it; what was lost is told at the end (unwritten).
func (f *follower) show(stream *os.File) {
	defer close(f.copied)
	out := &display{to: f.o.IO.Stdout}
	io.Copy(out, stream) //nolint:errcheck // ends with either
	if out.err == nil {
		return
	}
	f.mu.Lock()
	f.lost = out.err
	f.mu.Unlock()
	io.Copy(io.Discard, stream) //nolint:errcheck // ends with the terminal
}

// unwritten is why the output could not be written; nil when it was.
func (f *follower) unwritten() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lost == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errUnwritten, f.lost)
}

// display tells a failed write from a failed read, as io.Copy does not.
type display struct {
	to  *os.File
	err error
}

// Write implements io.Writer.
func (d *display) Write(p []byte) (n int, err error) {
	n, d.err = d.to.Write(p)
	return n, d.err
}
