package supervisor

import (
	"context"
	"fmt"
	"os"
	"sync"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/stdio"
)

func (c *session) onResize(m *ctl.Message) error {
	switch {
	case c.hub != nil:
		return c.hub.Resize(m.Width, m.Height)
	case c.launch:
		c.s.client.resize(m.Width, m.Height)
	}
	return nil
}

// onAttach connects a client to the terminal, or with three descriptors to the
// copied streams.
func (c *session) onAttach(m *ctl.Message, files []*os.File) error {
	t, err := c.s.only()
	if err != nil {
		return err
	}
	switch {
	case t.hub != nil && len(files) == 0:
		c.hub = t.hub
		if m.Width != 0 {
			t.hub.Resize(m.Width, m.Height) //nolint:errcheck // no size is worth failing for
		}
		err = c.s.sendStream(c.conn, t.hub, c.cutOff)
	case t.logs != nil && t.hub == nil && len(files) == 3 && c.leave == nil:
		if c.leave, err = t.attach(files, sync.OnceFunc(c.cutOff)); err == nil {
			c.tell(&ctl.Message{Op: ctl.OK})
		}
	default:
		return errs.New(errs.Unsupported, "container %s: its streams cannot be attached to", t.id)
	}
	if err == nil {
		c.tellEnd()
	}
	return err
}

// cutOff ends an attachment whose reader takes nothing.
func (c *session) cutOff() {
	c.tell(errorMessage(errs.New(errs.Unavailable, "attach to container %s: cut off, since what reads its output takes nothing", c.s.cfg.ID[:min(12, len(c.s.cfg.ID))])))
	c.conn.Close()
}

// attach copies the container's output to files[1] and [2], and files[0] to its
// input when that is held open. On error the files are the caller's to close.
func (t *task) attach(files []*os.File, cut func()) (leave func(), err error) {
	outTo, err := stdio.Unblocked(files[1])
	if err != nil {
		return nil, err
	}
	errTo, err := stdio.Unblocked(files[2])
	if err != nil {
		return nil, err
	}
	outLeaves, errLeaves := t.logs.out.Add(outTo, cut), t.logs.err.Add(errTo, cut)
	stop := func() {}
	if t.logs.stdin == nil {
		files[0].Close()
	} else {
		var done <-chan struct{}
		done, stop = stdio.CopyUntil(t.logs.stdin, files[0])
		go func() {
			<-done
			files[0].Close()
		}()
	}
	return func() {
		outLeaves()
		errLeaves()
		stop()
	}, nil
}

// onExec runs a further process; the answers come by themselves.
func (c *session) onExec(m *ctl.Message, files []*os.File) error {
	t, err := c.s.only()
	if err != nil {
		return err
	}
	if m.Exec == nil || c.exec != nil || c.launch {
		return errs.New(errs.Invalid, "exec: one process a connection, with its description")
	}
	spec, err := t.execSpec(m.Exec, m.Stdio == ctl.TTY)
	if err != nil {
		return err
	}
	spec.ConsoleSize = consoleSize(m)
	p := newProcess(fmt.Sprintf("ctl-%p", c), spec)
	if m.Preserved < 0 || m.Preserved > len(files) {
		return errs.New(errs.Invalid, "exec: %d descriptors of %d are to be preserved", m.Preserved, len(files))
	}
	files, p.extra = files[:len(files)-m.Preserved], files[len(files)-m.Preserved:]
	p.apart, p.onClientExit = !m.Detached, m.Exec.OnClientExit
	streams, err := c.execStreams(m, files)
	if err != nil {
		return err
	}
	if err := t.keep(p); err != nil {
		return err
	}
	c.detached.Store(m.Detached)
	c.s.telling.begin()
	if err := t.run(context.Background(), p, streams); err != nil {
		t.forget(p)
		c.tell(errorMessage(err))
		c.s.telling.end()
		return nil
	}
	c.exec = p
	c.tell(&ctl.Message{Op: ctl.Started, Pid: p.pid()})
	t.execStarted(p)
	go func() {
		defer c.s.telling.end()
		<-p.done
		t.execEnded(p)
		t.forget(p)
		c.tell(&ctl.Message{Op: ctl.Exited, ExitCode: p.code})
	}()
	return nil
}

func (c *session) execStreams(m *ctl.Message, files []*os.File) (*stdio.Streams, error) {
	switch {
	case m.Stdio == ctl.Null && len(files) == 0:
		return stdio.Null(), nil
	case m.Stdio == ctl.Inherit && len(files) == 3:
		return stdio.Inherit([3]*os.File{files[0], files[1], files[2]}, false), nil
	case m.Stdio == ctl.TTY && len(files) == 0:
		c.hub = stdio.NewHub(nil)
		if m.Width != 0 {
			c.hub.Resize(m.Width, m.Height) //nolint:errcheck // no size is worth failing for
		}
		s := stdio.Terminal(c.hub)
		s.OnDrain(ending{h: c.hub})
		if m.Detached {
			return s, nil
		}
		return s, c.s.sendStream(c.conn, c.hub, nil)
	}
	return nil, errs.New(errs.Invalid, "exec: stdio %q with %d descriptors", m.Stdio, len(files))
}
