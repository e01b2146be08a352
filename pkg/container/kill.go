package container

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Kill sends signal (KILL, SIGKILL or 9; empty: KILL) to process 1 of the
// container that target names. It fails with kind not_found, invalid for a
// signal that is none, or conflict when the container does not run.
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
	if err != nil {
		return fmt.Errorf("Cannot kill container: %s: %w", target, err)
	}
	return nil
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
