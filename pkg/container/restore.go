package container

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// restoreAtOnce bounds how many containers are started, or stopped, beside each
// other.
const restoreAtOnce = 8

// Restored is what Restore or Shutdown did with one container.
type Restored struct {
	ID, Name string
	Err      error // nil: it runs, or has ended
}

// Restore starts, after a boot, the containers whose restart policy wants them
// running: always; unless-stopped, when no user stopped it; on-failure, when it
// ran as the host went down. One that was never started is left alone. The
// leftovers of the boot before are removed first, networks made before the
// containers that have them. What is not to be had in time is asked for again. It
// returns what it did, and an error only when it could not begin. Idempotent.
func (m *Manager) Restore(ctx context.Context) ([]Restored, error) {
	found, err := m.Leftovers(ctx)
	if err == nil {
		_, err = m.Clear(ctx, found)
	}
	if err != nil {
		return nil, fmt.Errorf("remove what the last boot has left: %w", err)
	}
	list, err := m.those(ctx, wantsRestore)
	if err != nil {
		return nil, err
	}
	start := func(ctx context.Context, c *record.Container) error {
		_, err := m.Start(ctx, c.ID, StartOpts{apart: true})
		return err
	}
	var out []Restored
	for _, round := range restoreRounds(list) {
		out = append(out, m.insist(ctx, round, start)...)
	}
	return out, nil
}

const (
	// insisting is how long restore tries again what was not to be had in time.
	insisting = 3 * time.Minute
	// prompt is what an answer takes: who says so soon that something cannot be had
	// says it a second time, and it is so.
	prompt = time.Second
)

// insist is forEach that begins again, with one after the other, where something was
// not to be had in time (kind unavailable): right after a boot a host is at its
// slowest, and all wait for the same locks and the same engine.
func (m *Manager) insist(ctx context.Context, list []Summary, do func(context.Context, *record.Container) error) []Restored {
	begin := time.Now()
	out := m.forEach(ctx, list, do)
	for i := range out {
		for slow := true; slow && errs.Is(out[i].Err, errs.Unavailable) && ctx.Err() == nil; {
			again := time.Now()
			out[i].Err = do(ctx, list[i].Container) //nolint:gosec // forEach returns as many as it is given
			slow = time.Since(again) > prompt && time.Since(begin) < insisting
		}
	}
	return out
}

// Shutdown stops every container, those of a service manager's units aside, so
// that Restore starts them again: no user has stopped them. It returns what it
// did, and an error only when it could not begin. Idempotent.
func (m *Manager) Shutdown(ctx context.Context) ([]Restored, error) {
	list, err := m.those(ctx, func(_ *record.Container, st *record.State) bool { return Alive(st) && st.CgroupParent == "" })
	if err != nil {
		return nil, err
	}
	return m.forEach(ctx, list, m.stopForBoot), nil
}

func (m *Manager) stopForBoot(ctx context.Context, c *record.Container) error {
	sig, timeout, err := stopPlan(c, StopOpts{})
	if err != nil {
		return err
	}
	msg := &ctl.Message{Op: ctl.Stop, Signal: int(sig), Timeout: timeout, Shutdown: true}
	if _, err := m.ask(ctx, c.ID, msg, 0, ctl.Exited); err != nil && !errors.Is(err, errNoSupervisor) {
		return fmt.Errorf("stop container %s: %w", c.Name, err)
	}
	return m.awaitSupervisor(ctx, c.ID, supervisorEnd)
}

// wantsRestore is the decision of Restore for one container.
func wantsRestore(c *record.Container, st *record.State) bool {
	if Alive(st) || st.Status != record.Exited || st.Started.IsZero() {
		return false
	}
	switch c.Policy.Restart.Name {
	case "always":
		return true
	case "unless-stopped":
		return !st.StoppedByUser
	case "on-failure":
		return !st.StoppedByUser && st.EndedBy == record.ByShutdown
	}
	return false
}

// those returns the containers that pick picks, the oldest first.
func (m *Manager) those(ctx context.Context, pick func(*record.Container, *record.State) bool) ([]Summary, error) {
	ids, err := m.Store.ContainerIDs()
	if err != nil {
		return nil, err
	}
	var out []Summary
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c, st, err := m.look(id)
		switch {
		case errs.Is(err, errs.NotFound):
		case err != nil: // a damaged one must not keep the others down
			out = append(out, Summary{Container: &record.Container{ID: id, Name: short(id)}, State: &record.State{Error: err.Error()}})
		case pick(c, st):
			out = append(out, Summary{Container: c, State: st})
		}
	}
	slices.SortStableFunc(out, func(a, b Summary) int { return a.Container.Created.Compare(b.Container.Created) })
	return out, nil
}

// forEach does something with each container, some at a time, and collects how
// that went in the order of list.
func (m *Manager) forEach(ctx context.Context, list []Summary, do func(context.Context, *record.Container) error) []Restored {
	out := make([]Restored, len(list))
	var g errgroup.Group
	g.SetLimit(restoreAtOnce)
	for i, s := range list {
		g.Go(func() error {
			out[i] = Restored{ID: s.Container.ID, Name: s.Container.Name}
			if s.Container.SchemaVersion == 0 {
				out[i].Err = errs.New(errs.Corrupt, "%s", s.State.Error)
				return nil
			}
			out[i].Err = do(ctx, s.Container)
			return nil
		})
	}
	g.Wait() //nolint:errcheck // none fails: each has its own error
	return out
}
