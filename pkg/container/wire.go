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
	w.files = []*os.File{in, streams.Stdout, streams.Stderr}
	return w, done, nil
}

// stdioOf is how the streams are connected. In the foreground they are the
// caller's own, unless there is a log beside: one was asked for, or a part of the
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
