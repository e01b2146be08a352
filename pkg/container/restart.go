package container

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
)

// Restart stops the container that target names, as Stop does, and starts it
// again: in place, with its supervisor and addresses, or from the beginning when
// it does not run. The kinds are those of Stop and Start.
func (m *Manager) Restart(ctx context.Context, target string, o StopOpts) error {
	if _, err := signalOr(o.Signal, unix.SIGTERM); err != nil {
		return err
	}
	c, st, err := m.find(target)
	if err != nil {
		return err
	}
	if Alive(st) {
		sig, timeout, err := stopPlan(c, o)
		if err != nil {
			return err
		}
		_, err = m.ask(ctx, c.ID, &ctl.Message{Op: ctl.Restart, Signal: int(sig), Timeout: timeout}, 0, ctl.OK)
		if err == nil {
			return nil
		}
		if !errors.Is(err, errNoSupervisor) {
			return fmt.Errorf("cannot restart container: %s: %w", target, err)
		}
		if err := m.Stop(ctx, target, o); err != nil { // it ended just now, or its supervisor was killed
			return err
		}
	}
	if _, err = m.Start(ctx, target, StartOpts{}); err != nil {
		return err
	}
	m.eventOf(c.ID, "restart", nil)
	return nil
}
