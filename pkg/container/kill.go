package container

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Kill sends signal (KILL, SIGKILL or 9; empty: KILL) to process 1 of the
// container that target names. After KILL it returns when the container has ended,
// so that it can be removed then; after another signal at once. It fails with kind
// not_found, invalid for a signal that is none, conflict when the container does
// not run, or unavailable when the kernel does not let it end.
func (m *Manager) Kill(ctx context.Context, target, signal string) error {
	sig, err := signalOr(signal, unix.SIGKILL)
	if err != nil {
		return err
	}
	c, st, err := m.find(target)
	if err != nil {
		return err
	}
	if !Alive(st) {
		return fmt.Errorf("Cannot kill container: %s: %w", target, notRunning(c.ID))
	}
	_, err = m.ask(ctx, c.ID, &ctl.Message{Op: ctl.Kill, Signal: int(sig)}, answerTimeout, ctl.OK)
	if errors.Is(err, errNoSupervisor) {
		err = m.killAlone(c.ID, st, sig)
	}
	if err == nil && sig == unix.SIGKILL {
		err = m.awaitKilled(ctx, c.ID, st)
	}
	if err != nil {
		return fmt.Errorf("Cannot kill container: %s: %w", target, err)
	}
	return nil
}

// awaitKilled waits until a container that was killed has ended, which may have
// removed it.
func (m *Manager) awaitKilled(ctx context.Context, id string, st *record.State) error {
	_, err := m.ask(ctx, id, &ctl.Message{Op: ctl.Wait}, supervisorEnd, ctl.Exited)
	if errors.Is(err, errNoSupervisor) {
		_, err = m.unanswered(ctx, id, st)
	}
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	return err
}

// killAlone sends the signal to a container whose supervisor is dead.
func (m *Manager) killAlone(id string, st *record.State, sig syscall.Signal) error {
	err := proc.Signal(st.Init, sig)
	if errors.Is(err, unix.ESRCH) {
		return notRunning(id)
	}
	return err
}

func signalOr(text string, otherwise syscall.Signal) (syscall.Signal, error) {
	if text == "" {
		return otherwise, nil
	}
	return parse.Signal(text)
}
