package container

import (
	"context"
	"os"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// AttachOpts are the flags of attach.
type AttachOpts struct {
	Stdin    bool // what comes on the standard input goes to the container
	SigProxy bool // signals that this program gets go to the container's process
	IO       IO
}

// Attach joins the streams of the running container that target names, beside
// whoever else is attached, until the container ends, and returns its exit code.
// Leaving it, by the detach keys on a terminal or by the end of this program, does
// the container nothing. It fails with kind not_found, conflict when the
// container does not run, unsupported for one that has its caller's own streams.
func (m *Manager) Attach(ctx context.Context, target string, o AttachOpts) (int, error) {
	c, conn, err := m.dialRunning(target)
	if err != nil {
		return 0, err
	}
	heard := listen(o.SigProxy)
	defer heard.close()
	if err := sendAttach(conn, c, o); err != nil {
		conn.Close()
		return 0, err
	}
	m.event(c, "attach", nil)
	defer m.event(c, "detach", nil)
	return Follow(ctx, conn, FollowOpts{IO: o.IO, Stdin: o.Stdin, SigProxy: o.SigProxy, heard: heard})
}

// sendAttach asks for the terminal, or hands over the three streams.
func sendAttach(conn *ctl.Conn, c *record.Container, o AttachOpts) error {
	msg := &ctl.Message{Op: ctl.Attach}
	if c.Process.TTY {
		msg.Width, msg.Height = o.IO.size()
		return conn.Send(msg)
	}
	files := o.IO.Files()
	if !o.Stdin {
		null, err := os.Open(os.DevNull)
		if err != nil {
			return err
		}
		defer null.Close()
		files[0] = null
	}
	return conn.Send(msg, files...)
}
