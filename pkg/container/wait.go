package container

import (
	"context"
	"errors"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Wait blocks until the container that target names has ended for good, its
// restart policy included, and returns its exit code; at once when it does not
// run. A container that is removed while Wait waits and whose code nobody told
// gives kind not_found.
func (m *Manager) Wait(ctx context.Context, target string) (int, error) {
	c, st, err := m.find(target)
	if err != nil {
		return 0, err
	}
	for Alive(st) {
		answer, err := m.ask(ctx, c.ID, &ctl.Message{Op: ctl.Wait}, 0, ctl.Exited)
		if err == nil {
			return answer.ExitCode, nil
		}
		if !errors.Is(err, errNoSupervisor) {
			return 0, err
		}
		if st, err = m.unanswered(ctx, c.ID, st); errs.Is(err, errs.NotFound) {
			return 0, missing(target)
		}
		if err != nil {
			return 0, err
		}
	}
	return st.ExitCode, nil
}

// unanswered waits for what must come when nobody answers at the control socket
// of a container that runs: the supervisor ends, or, when it was killed, process
// 1 does. It returns the state after that.
func (m *Manager) unanswered(ctx context.Context, id string, st *record.State) (*record.State, error) {
	if m.supervised(id) {
		if err := m.awaitSupervisor(ctx, id, supervisorEnd); err != nil {
			return nil, err
		}
	} else if _, err := awaitEnd(ctx, st.Init, -1); err != nil {
		return nil, err
	}
	return m.actual(id)
}
