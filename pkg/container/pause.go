package container

import (
	"context"
	"errors"
	"fmt"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Pause freezes every process of the container that target names (cgroup
// freezer). It fails with kind not_found, or conflict when the container does
// not run or is paused already.
func (m *Manager) Pause(ctx context.Context, target string) error {
	return m.freeze(ctx, target, ctl.Pause, record.Running)
}

// Unpause lets a paused container go on. It fails with kind not_found, or
// conflict when the container is not paused.
func (m *Manager) Unpause(ctx context.Context, target string) error {
	return m.freeze(ctx, target, ctl.Unpause, record.Paused)
}

func (m *Manager) freeze(ctx context.Context, target string, op ctl.Op, from record.Status) error {
	c, st, err := m.find(target)
	if err != nil {
		return err
	}
	switch {
	case !Alive(st):
		err = notRunning(c.ID)
	case st.Status != from && from == record.Paused:
		err = errs.New(errs.Conflict, "Container %s is not paused", c.ID)
	case st.Status != from:
		err = errs.New(errs.Conflict, "Container %s is %s", c.ID, st.Status)
	default:
		_, err = m.ask(ctx, c.ID, &ctl.Message{Op: op}, answerTimeout, ctl.OK)
	}
	if errors.Is(err, errNoSupervisor) {
		err = m.unreachable(c.ID)
	}
	if err != nil {
		return fmt.Errorf("cannot %s container %s: %w", op, target, err)
	}
	return nil
}
