package supervisor

import (
	"context"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/stdio"
)

// session is one connection of pkg/ctl.
type session struct {
	s        *Supervisor
	conn     *ctl.Conn
	launch   bool // it is the one that launched the container
	detached atomic.Bool

	exec *process   // of an Exec on this connection
	hub  *stdio.Hub // of its terminal

	leave func() // ends an Attach to copied streams; nil without

	hold bool // the container is paused as long as this connection lives

	gone chan struct{} // closed at the end of the connection
}

// serveLaunch serves the connection that launched the container, and acts when
// it ends.
func (s *Supervisor) serveLaunch() {
	c := &session{s: s, conn: s.launch, launch: true, gone: make(chan struct{})}
	c.serve()
	if !s.client.isDetached() {
		close(s.client.gone)
		s.clientGone()
	}
}

// serveCtl accepts commands until the supervisor ends.
func (s *Supervisor) serveCtl() {
	for {
		u, err := s.ctl.AcceptUnix()
		if err != nil {
			return
		}
		go func() {
			c := &session{s: s, conn: ctl.New(u), gone: make(chan struct{})}
			defer c.conn.Close()
			c.serve()
		}()
	}
}

// serve takes the connection's messages until its end.
func (c *session) serve() {
	for {
		m, files, err := c.conn.Recv()
		if err != nil {
			break
		}
		if err := c.handle(m, files); err != nil {
			closeAll(files)
			c.tell(errorMessage(err))
		}
	}
	close(c.gone)
	c.letGo()
	if c.leave != nil {
		c.leave()
	}
	if c.exec != nil && !c.detached.Load() {
		if t, err := c.s.only(); err == nil {
			t.clientLeft(c.exec)
		}
	}
}

// handle acts on one message. What takes time goes on by itself. On error the
// files are the caller's to close.
func (c *session) handle(m *ctl.Message, files []*os.File) error {
	switch m.Op {
	case ctl.Launch:
		return c.onLaunch(m, files)
	case ctl.Ports:
		if !c.launch {
			return errs.New(errs.Invalid, "ports: not on this connection")
		}
		return c.s.ports.Add(m.Ports, files, m.Target)
	case ctl.Exec:
		return c.onExec(m, files)
	case ctl.Attach:
		return c.onAttach(m, files)
	case ctl.Checkpoint:
		return c.onCheckpoint(m, files)
	}
	closeAll(files)
	return c.handlePlain(m)
}

// handlePlain acts on a message that has no files.
func (c *session) handlePlain(m *ctl.Message) error {
	switch m.Op {
	case ctl.Detach:
		c.detach()
		return nil
	case ctl.Ping:
		c.tell(&ctl.Message{Op: ctl.OK})
		return nil
	case ctl.Start:
		return c.onStart()
	case ctl.Wait:
		return c.onWait(m)
	case ctl.Signal:
		return c.onSignal(unix.Signal(m.Signal))
	case ctl.Kill:
		return c.onTask(func(t *task) error { return t.kill(unix.Signal(m.Signal)) })
	case ctl.Stop:
		return c.onStop(m)
	case ctl.Restart:
		return c.onRestart(m)
	case ctl.Pause:
		return c.onPause(m)
	case ctl.Unpause:
		return c.onTask((*task).resume)
	case ctl.Resize:
		return c.onResize(m)
	case ctl.Probe:
		return c.onProbe()
	case ctl.Watch:
		return c.onWatch()
	case ctl.Update:
		return c.onTask((*task).update)
	case ctl.Published:
		return c.onPublished()
	case ctl.Retarget:
		return c.onRetarget(m)
	case ctl.Reread:
		return c.onTask((*task).reread)
	}
	return errs.New(errs.Invalid, "%q is not a request", m.Op)
}

func (c *session) onWait(m *ctl.Message) error {
	if m.Next {
		return c.tellNext()
	}
	c.tellEnd()
	return nil
}

// detach lets the connection end without an end of what it asked for.
func (c *session) detach() {
	c.detached.Store(true)
	if c.launch {
		c.s.client.detach()
		c.s.notify.Load().release()
	}
}

func (c *session) onLaunch(m *ctl.Message, files []*os.File) error {
	if !c.launch {
		return errs.New(errs.Invalid, "launch: not on this connection")
	}
	if err := c.s.readRecord(); err != nil {
		return err
	}
	if err := c.s.notifyFor(m); err != nil {
		return err
	}
	if err := c.s.client.set(m, files); err != nil {
		return err
	}
	c.tellEnd()
	return nil
}

// readRecord reads the container's record, which is on disk by the time that
// the launching client speaks: the supervisor is started before.
func (s *Supervisor) readRecord() error {
	rec, err := s.store.Container(s.cfg.ID)
	if err != nil {
		return err
	}
	if !sharesMounts(rec) {
		if err := slaveMounts(); err != nil {
			return err
		}
	}
	s.rec = rec
	return nil
}

// onStart starts the container: one hop less than through containerd, whose
// own Start asks for the task's state afterwards, when it may have ended.
func (c *session) onStart() error {
	if !c.launch {
		return errs.New(errs.Invalid, "start: not on this connection")
	}
	t, err := c.s.only()
	if err != nil {
		return err
	}
	_, err = t.start(context.Background())
	if err != nil {
		c.s.log.debugf("start: %v", err) // the client was told
	}
	return nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
