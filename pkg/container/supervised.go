package container

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

// answerTimeout is how long a supervisor may take to answer what needs no
// waiting.
const answerTimeout = 10 * time.Second

// ask sends msg to the supervisor of container id and returns its answer.
// Events that are told meanwhile are passed over. An answer of op error comes
// back as an error of its kind. errNoSupervisor when there is none (any more).
func (m *Manager) ask(ctx context.Context, id string, msg *ctl.Message, limit time.Duration, want ...ctl.Op) (*ctl.Message, error) {
	conn, err := ctl.Dial(m.Store.ControlSocket(id))
	if err != nil {
		return nil, errNoSupervisor
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if limit > 0 {
		conn.SetDeadline(time.Now().Add(limit))
	}
	if err := conn.Send(msg); err != nil {
		return nil, errNoSupervisor
	}
	answer, err := await(conn, want...)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, io.EOF):
		return nil, errNoSupervisor
	case isTimeout(err):
		return nil, errs.New(errs.Unavailable, "container %s: its supervisor did not answer within %v", short(id), limit)
	}
	return answer, err
}

// errNoSupervisor says that nobody answers at a container's control socket.
var errNoSupervisor = errors.New("no supervisor")

// await returns the first message of one of the ops in want.
func await(conn *ctl.Conn, want ...ctl.Op) (*ctl.Message, error) {
	for {
		msg, files, err := conn.Recv()
		if err != nil {
			return nil, err
		}
		closeFiles(files)
		if msg.Op == ctl.Error {
			return nil, told(msg)
		}
		if slices.Contains(want, msg.Op) {
			return msg, nil
		}
	}
}

// told is the error that a supervisor tells.
func told(msg *ctl.Message) error {
	kind := errs.Kind(msg.Kind)
	if kind == "" {
		kind = errs.Internal
	}
	return errs.WithCause(errs.New(kind, "%s", msg.Message), msg.Cause)
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && t.Timeout()
}

// notRunning is docker's complaint about a container that does not run.
func notRunning(id string) error {
	return errs.New(errs.Conflict, "container %s is not running", id)
}
