package supervisor

import (
	"context"
	"os"
	"sync"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/stdio"
)

// client is the command that launched the container.
type client struct {
	got  chan struct{} // closed when the Launch message is there
	gone chan struct{} // closed when the command is gone without Detach

	mu       sync.Mutex
	l        *launched
	detached bool // its end means nothing
	hub      *stdio.Hub
	size     [2]uint16 // of its terminal, when it came before the hub
}

// launched is a Launch message with its files.
type launched struct {
	msg       *ctl.Message
	files     []*os.File // of the standard streams
	preserved []*os.File // for the process to have from 3 on
}

func newClient() *client {
	return &client{got: make(chan struct{}), gone: make(chan struct{})}
}

// set takes the Launch message; a second one is refused.
func (c *client) set(m *ctl.Message, files []*os.File) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	want := 0
	if m.Stdio == ctl.Inherit || m.Stdio == ctl.Tee {
		want = 3
	}
	switch {
	case c.l != nil:
		return errs.New(errs.Invalid, "launch: it came twice")
	case m.Preserved < 0 || len(files) != want+m.Preserved:
		return errs.New(errs.Invalid, "launch: %d descriptors came with stdio %s, not %d and %d", len(files), m.Stdio, want, m.Preserved)
	}
	c.l, c.size = &launched{m, files[:want], files[want:]}, [2]uint16{m.Width, m.Height}
	close(c.got)
	return nil
}

// wait waits for the Launch message.
func (c *client) wait(ctx context.Context) (*launched, error) {
	select {
	case <-c.got:
		return c.l, nil
	case <-c.gone:
		return nil, errs.New(errs.Unavailable, "the command that starts the container is gone")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *client) detach() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.detached = true
}

func (c *client) isDetached() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.detached
}

// background reports whether the client said that nobody waits.
func (c *client) background() bool {
	return isClosed(c.got) && c.l.msg.Detached
}

func (c *client) setHub(h *stdio.Hub) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hub = h
	if c.size != [2]uint16{} {
		h.Resize(c.size[0], c.size[1]) //nolint:errcheck // no size is worth failing for
	}
}

func (c *client) resize(width, height uint16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.size = [2]uint16{width, height}
	if c.hub != nil {
		c.hub.Resize(width, height) //nolint:errcheck // no size is worth failing for
	}
}

// release closes the descriptors that the client gave, those that are open yet.
// The nil client has none.
func (c *client) release() {
	if c == nil || !isClosed(c.got) {
		return
	}
	closeAll(c.l.files)
	closeAll(c.l.preserved)
}
