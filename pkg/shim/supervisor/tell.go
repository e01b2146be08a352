package supervisor

import (
	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/stdio"
)

// tell sends a message; a client that is gone has no use for it.
func (c *session) tell(m *ctl.Message) {
	if err := c.conn.Send(m); err != nil {
		c.s.log.debugf("tell %s: %v", m.Op, err)
	}
}

// tellLater tells the client an answer that takes a while, the end of the container
// maybe: the supervisor does not end before.
func (c *session) tellLater(answer func() *ctl.Message) {
	c.s.telling.begin()
	go func() {
		defer c.s.telling.end()
		c.tell(answer())
	}()
}

// tellEnd tells the client when the container has ended for good.
func (c *session) tellEnd() {
	c.s.telling.begin()
	go func() {
		defer c.s.telling.end()
		if r, ok := c.s.final(); ok {
			c.tell(&ctl.Message{Op: ctl.Exited, ExitCode: r.code, OOMKilled: r.oom})
		}
	}()
}

// final waits for the end of the one container; not ok when there is none and
// the supervisor ends.
func (s *Supervisor) final() (result, bool) {
	select {
	case t := <-s.first:
		s.first <- t // for the next one who asks
		<-t.ended
		return t.result, true
	case <-s.over:
		return result{}, false
	}
}

// tellClient tells the launching client of a failure, before containerd does.
func (s *Supervisor) tellClient(err error) {
	if s.launch == nil {
		return
	}
	if serr := s.launch.Send(errorMessage(err)); serr != nil {
		s.log.debugf("tell the client: %v", serr)
	}
}

func errorMessage(err error) *ctl.Message {
	return &ctl.Message{Op: ctl.Error, Kind: string(errs.KindOf(err)), Message: err.Error(), Cause: errs.CauseOf(err)}
}

// sendStream connects a client with a terminal; cut is as in stdio.Broadcast.
func (s *Supervisor) sendStream(conn *ctl.Conn, h *stdio.Hub, cut func()) error {
	f, err := h.Client(cut)
	if err != nil {
		return err
	}
	defer f.Close()
	return conn.Send(&ctl.Message{Op: ctl.Stream}, f)
}
