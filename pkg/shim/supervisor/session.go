package supervisor

import (
	"context"
	"fmt"
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
}

// serveLaunch serves the connection that launched the container, and acts when
// it ends.
func (s *Supervisor) serveLaunch() {
	c := &session{s: s, conn: s.launch, launch: true}
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
			c := &session{s: s, conn: ctl.New(u)}
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
	if c.leave != nil {
		c.leave()
	}
	if c.exec != nil && !c.detached.Load() {
		if t, err := c.s.only(); err == nil {
			t.hangUp(c.exec)
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
	}
	closeAll(files)
	return c.handlePlain(m)
}

// handlePlain acts on a message that has no files.
func (c *session) handlePlain(m *ctl.Message) error {
	switch m.Op {
	case ctl.Detach:
		c.detached.Store(true)
		if c.launch {
			c.s.client.detach()
		}
		return nil
	case ctl.Start:
		return c.onStart()
	case ctl.Wait:
		c.tellEnd()
		return nil
	case ctl.Signal:
		return c.onSignal(unix.Signal(m.Signal))
	case ctl.Kill:
		t, err := c.s.only()
		if err == nil {
			err = t.kill(unix.Signal(m.Signal))
		}
		if err == nil {
			c.tell(&ctl.Message{Op: ctl.OK})
		}
		return err
	case ctl.Stop:
		return c.onStop(m)
	case ctl.Restart:
		return c.onRestart(m)
	case ctl.Pause:
		return c.onTask((*task).pause)
	case ctl.Unpause:
		return c.onTask((*task).resume)
	case ctl.Resize:
		return c.onResize(m)
	}
	return errs.New(errs.Invalid, "%q is not a request", m.Op)
}

func (c *session) onLaunch(m *ctl.Message, files []*os.File) error {
	if !c.launch {
		return errs.New(errs.Invalid, "launch: not on this connection")
	}
	if err := c.s.readRecord(); err != nil {
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

// onSignal passes a signal on. One that comes too late is lost: the client
// learns of the end by itself.
func (c *session) onSignal(sig unix.Signal) error {
	t, err := c.s.only()
	if err != nil {
		return nil
	}
	if c.exec != nil {
		err = c.exec.signal(sig)
	} else {
		err = t.signal(sig)
	}
	if err != nil {
		c.s.log.debugf("pass signal %d on: %v", sig, err)
	}
	return nil
}

func (c *session) onStop(m *ctl.Message) error {
	t, err := c.s.only()
	if err != nil {
		return err
	}
	sig := unix.Signal(m.Signal)
	if sig == 0 {
		sig = t.stopSignal()
	}
	c.tellEnd()
	go func() {
		if err := t.stop(sig, m.Timeout); err != nil {
			c.tell(errorMessage(fmt.Errorf("stop container %s: %w", t.id, err)))
		}
	}()
	return nil
}

func (c *session) onRestart(m *ctl.Message) error {
	t, err := c.s.only()
	if err != nil {
		return err
	}
	sig := unix.Signal(m.Signal)
	if sig == 0 {
		sig = t.stopSignal()
	}
	go func() {
		if err := t.restart(sig, m.Timeout); err != nil {
			c.tell(errorMessage(err))
			return
		}
		c.tell(&ctl.Message{Op: ctl.OK})
	}()
	return nil
}

// onTask does something at once with the container, and says OK.
func (c *session) onTask(do func(*task) error) error {
	t, err := c.s.only()
	if err == nil {
		err = do(t)
	}
	if err == nil {
		c.tell(&ctl.Message{Op: ctl.OK})
	}
	return err
}

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
			t.hub.Resize(m.Width, m.Height)
		}
		err = c.s.sendStream(c.conn, t.hub, false)
	case t.logs != nil && t.hub == nil && len(files) == 3 && c.leave == nil:
		c.leave = t.attach(files)
		c.tell(&ctl.Message{Op: ctl.OK})
	default:
		return errs.New(errs.Unsupported, "container %s: its streams cannot be attached to", t.id)
	}
	if err == nil {
		c.tellEnd()
	}
	return err
}

// attach copies the container's output to files[1] and [2], and files[0] to its
// input when that is held open.
func (t *task) attach(files []*os.File) (leave func()) {
	out, err := t.logs.out.Add(files[1], false), t.logs.err.Add(files[2], false)
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
		out()
		err()
		stop()
	}
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
	go func() {
		defer c.s.telling.end()
		<-p.done
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
			c.hub.Resize(m.Width, m.Height)
		}
		s := stdio.Terminal(c.hub)
		s.OnDrain(ending{h: c.hub})
		if m.Detached {
			return s, nil
		}
		return s, c.s.sendStream(c.conn, c.hub, true)
	}
	return nil, errs.New(errs.Invalid, "exec: stdio %q with %d descriptors", m.Stdio, len(files))
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
