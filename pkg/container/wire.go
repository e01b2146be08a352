package container

import (
	"os"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/stdio/logopt"
)

// wire decides where the streams of a container go. done closes what it opened.
func wire(c *record.Container, detached, stdin bool, streams IO) (w wiring, done func(), err error) {
	w.detached, w.stdio = detached, stdioOf(c, detached, streams.partial)
	if w.logTag, w.logAttrs, err = logMarks(c); err != nil {
		return w, func() {}, err
	}
	var opened []*os.File
	done = func() { closeFiles(opened) }
	if err := w.preserve(c.Process.PreserveFDs, streams); err != nil {
		return w, done, err
	}
	opened = append(opened, w.preserved...)
	if w.stdio == ctl.TTY && !detached {
		w.width, w.height = streams.size()
	}
	if w.stdio != ctl.Inherit && w.stdio != ctl.Tee {
		return w, done, nil
	}
	in := streams.Stdin
	if !stdin {
		if in, err = os.Open(os.DevNull); err != nil {
			return w, done, err
		}
		opened = append(opened, in)
	}
	out, complaints := streams.Stdout, streams.Stderr
	if w.stdio == ctl.Inherit && relayed(c, streams) {
		var pipes []*os.File
		if w.relay, pipes, err = offTerminal(&out, &complaints); err != nil {
			return w, done, err
		}
		opened = append(opened, pipes...)
	}
	w.files = []*os.File{in, out, complaints}
	return w, done, nil
}

// relayed reports whether c's output to a terminal goes through this program: not
// where it goes on without it, and not where the terminal itself was asked for.
func relayed(c *record.Container, streams IO) bool {
	return !streams.outlived && c.Policy.OnClientExit != "keep" && c.Policy.Log.Driver != logopt.Passthrough
}

// stdioOf is how the streams are connected. In the foreground they are the
// caller's own (but for terminals, see relay), unless there is a log beside: one was asked for, or a part of the
// output is not attached.
func stdioOf(c *record.Container, detached, partial bool) ctl.Stdio {
	driver := c.Policy.Log.Driver
	switch {
	case c.Process.TTY:
		return ctl.TTY
	case driver == logopt.Passthrough:
		return ctl.Inherit
	case detached: // with driver none, too: clients may attach
		return ctl.Log
	case driver == "none" || driver == "" && !partial:
		return ctl.Inherit
	}
	return ctl.Tee
}
