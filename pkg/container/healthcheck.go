package container

import (
	"context"
	"errors"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Probe runs the health check of the container that target names once, beside
// its schedule, and reports whether the container was found well, with what the
// check printed. The result counts like any other. It fails with kind not_found,
// invalid when the container has no check, or conflict when it does not run or
// is paused.
func (m *Manager) Probe(ctx context.Context, target string) (well bool, output string, err error) {
	c, st, err := m.find(target)
	switch {
	case err != nil:
		return false, "", err
	case c.Health == nil:
		return false, "", errs.New(errs.Invalid, "container %s has no health check: run it with --health-cmd", target)
	case !Alive(st):
		return false, "", notRunning(c.ID)
	}
	answer, err := m.ask(ctx, c.ID, &ctl.Message{Op: ctl.Probe}, 0, ctl.Exited)
	if errors.Is(err, errNoSupervisor) {
		err = m.unreachable(c.ID)
	}
	if err != nil {
		return false, "", err
	}
	return answer.ExitCode == 0, answer.Message, nil
}
