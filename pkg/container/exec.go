package container

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// ExecOpts describe a further process in a container.
type ExecOpts struct {
	Args       []string
	Env        []string // KEY=VALUE, added to the container's own
	Cwd        string   // empty: the container's
	User       string   // docker's grammar; empty: the container's
	Privileged bool
	TTY        bool
	Stdin      bool // the caller's stdin goes to the process; else it has none
	Detach     bool // do not wait for the end; the process outlives this program
	IO         IO   // nil streams: /dev/null

	PreserveFDs  int    // of the caller's descriptors from 3 on, which IO.Preserve returns
	OnClientExit string // without Detach: kill (also when empty), stop or keep
}

// Exec runs a process in the container that target names and returns its exit
// code, 0 at once with Detach. The process gets the descriptors of o.IO
// themselves, or a terminal with TTY. Without Detach it ends with this program, and
// with it all that it started, unless OnClientExit says otherwise.
// The error has kind not_found, conflict when the container does not run,
// no_such_command or not_executable.
func (m *Manager) Exec(ctx context.Context, target string, o ExecOpts) (int, error) {
	c, conn, err := m.dialRunning(target)
	if err != nil {
		return 0, err
	}
	heard := listen(!o.Detach)
	defer heard.close()
	relay, err := sendExec(conn, c, o)
	if err != nil {
		conn.Close()
		if errors.Is(err, unix.EPIPE) || errors.Is(err, unix.ECONNRESET) { // it ended meanwhile
			return 0, m.unreachable(c.ID)
		}
		return 0, err
	}
	conn.SetDeadline(time.Now().Add(execTimeout)) // until the first answer
	if o.Detach {
		defer conn.Close()
		_, err := await(conn, ctl.Started)
		return 0, unanswered(c.ID, err)
	}
	code, err := Follow(ctx, conn, FollowOpts{IO: o.IO, relay: relay, Stdin: o.Stdin, SigProxy: true, heard: heard})
	return code, unanswered(c.ID, err)
}

// execTimeout is how long the start of a process may take in a container, be it
// short of processor time.
const execTimeout = time.Minute

// unanswered explains that a supervisor, which listens, says nothing.
func unanswered(id string, err error) error {
	if isTimeout(err) {
		return errs.New(errs.Unavailable, "exec in container %s: its supervisor did not answer within %v", short(id), execTimeout)
	}
	return err
}

// dialRunning connects to the supervisor of the running container that target
// names.
func (m *Manager) dialRunning(target string) (*record.Container, *ctl.Conn, error) {
	c, st, err := m.find(target)
	if err != nil {
		return nil, nil, err
	}
	if err := mayExec(c, st); err != nil {
		return nil, nil, err
	}
	conn, err := ctl.Dial(m.Store.ControlSocket(c.ID))
	if err != nil {
		return nil, nil, m.unreachable(c.ID)
	}
	return c, conn, nil
}

func mayExec(c *record.Container, st *record.State) error {
	switch st.Status {
	case record.Running:
		return nil
	case record.Paused:
		return errs.New(errs.Conflict, "Container %s is paused, unpause the container before exec", c.Name)
	case record.Restarting:
		return errs.New(errs.Conflict, "Container %s is restarting, wait until the container is running", c.Name)
	}
	return notRunning(c.ID)
}

// unreachable explains why nobody listens at the control socket of a container
// that runs.
func (m *Manager) unreachable(id string) error {
	if st, err := m.actual(id); err == nil && Alive(st) && !m.supervised(id) {
		return errs.New(errs.Unavailable, "container %s runs without its supervisor, which was killed: stop it and start it again", short(id))
	}
	return notRunning(id)
}

// sendExec asks for the process, with the descriptors it gets.
func sendExec(conn *ctl.Conn, c *record.Container, o ExecOpts) (*relay, error) {
	msg := &ctl.Message{Op: ctl.Exec, Detached: o.Detach, Exec: &ctl.ExecProcess{
		Args: o.Args, Env: o.Env, Cwd: o.Cwd, User: o.User, Privileged: o.Privileged, OnClientExit: o.OnClientExit,
	}}
	if o.TTY && !hasTerm(o.Env) && !hasTerm(c.Process.Env) {
		msg.Exec.Env = append([]string{"TERM=xterm"}, o.Env...)
	}
	files, relay, done, err := o.files(msg)
	defer done()
	if err != nil {
		return nil, err
	}
	return relay, conn.Send(msg, files...)
}

// files are the descriptors that go along, which msg tells, with the relay to the
// caller's terminal; done closes those that were opened for it.
func (o ExecOpts) files(msg *ctl.Message) (files []*os.File, r *relay, done func(), err error) {
	var opened []*os.File
	done = func() { closeFiles(opened) }
	switch {
	case o.TTY:
		msg.Stdio = ctl.TTY
		msg.Width, msg.Height = o.IO.size()
	case o.Detach:
		msg.Stdio = ctl.Null
	default:
		msg.Stdio = ctl.Inherit
		null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
		if err != nil {
			return nil, nil, done, err
		}
		opened = append(opened, null)
		files = o.IO.Files()
		for i, f := range files {
			if f == nil || i == 0 && !o.Stdin {
				files[i] = null
			}
		}
		if o.OnClientExit != "keep" {
			var pipes []*os.File
			if r, pipes, err = offTerminal(&files[1], &files[2]); err != nil {
				return nil, nil, done, err
			}
			opened = append(opened, pipes...)
		}
	}
	if o.PreserveFDs > 0 && o.IO.Preserve != nil {
		p, err := o.IO.Preserve(o.PreserveFDs)
		if err != nil {
			return nil, r, done, err
		}
		opened = append(opened, p.Files[:o.PreserveFDs]...)
		files = append(files, p.Files[:o.PreserveFDs]...)
		msg.Preserved = o.PreserveFDs
	}
	return files, r, done, nil
}

func hasTerm(env []string) bool {
	return slices.ContainsFunc(env, func(kv string) bool { return strings.HasPrefix(kv, "TERM=") })
}
