package container

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// try stops the old container, starts the new one in its place and waits until
// it has proved itself.
func (m *Manager) try(ctx context.Context, u *record.Upgrade, limit time.Duration) error {
	id := u.Old.ID
	if err := m.advance(u, record.UpgradeTrial); err != nil {
		return err
	}
	if err := m.stopForUpgrade(ctx, u); err != nil {
		return err
	}
	begun := time.Now()
	err := m.startNew(ctx, u)
	if err == nil {
		err = m.proves(ctx, u, limit)
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	return m.withLastWords(id, begun, err)
}

func (m *Manager) stopForUpgrade(ctx context.Context, u *record.Upgrade) error {
	st, err := m.actual(u.Old.ID)
	if err != nil || !Alive(st) {
		return err
	}
	sig, timeout, err := stopPlan(&u.Old, StopOpts{})
	if err != nil {
		return err
	}
	if err := m.stop(ctx, u.Old.ID, st, sig, timeout); err != nil {
		return fmt.Errorf("stop the old container: %w", err)
	}
	return nil
}

// startNew makes the record the new container's and starts it, with the address
// and the host ports that the old one had.
func (m *Manager) startNew(ctx context.Context, u *record.Upgrade) error {
	lock, err := m.lockIdle(ctx, u.Old.ID)
	if err != nil {
		return err
	}
	if lock == nil {
		return errs.New(errs.Conflict, "another command has started it meanwhile")
	}
	defer lock.Unlock()
	if err := m.releaseKept(ctx, u.Old.ID); err != nil {
		return err
	}
	if err := m.Store.SetContainer(&u.New); err != nil {
		return err
	}
	return m.startPinned(ctx, &u.New, u)
}

// releaseKept is release but for the network: the leases of its addresses wait
// for the next start.
func (m *Manager) releaseKept(ctx context.Context, id string) error {
	if err := m.endProcesses(ctx, id); err != nil {
		return err
	}
	if err := m.releaseEngine(ctx, id, false); err != nil {
		return err
	}
	c, err := m.Store.Container(id)
	if err == nil {
		err = m.Volume.Release(ctx, c)
	}
	if err != nil {
		return err
	}
	return m.Store.RemoveRun(id)
}

// startPinned starts c, a container that u is about, in the background; the
// caller has locked it.
func (m *Manager) startPinned(ctx context.Context, c *record.Container, u *record.Upgrade) error {
	if err := m.provide(ctx, c); err != nil {
		return err
	}
	w, done, err := wire(c, true, c.Process.OpenStdin, IO{})
	defer done()
	if err != nil {
		return err
	}
	p, err := m.pinned(c, u)
	if err != nil {
		return err
	}
	s, err := m.launch(ctx, p, nil, w, func() error { return nil })
	if err != nil {
		return errors.Join(err, m.notStarted(c.ID, err))
	}
	defer s.conn.Close()
	return m.leaveTo(s)
}

// proves returns when the new container counts as a good one, or why it does not.
func (m *Manager) proves(ctx context.Context, u *record.Upgrade, limit time.Duration) error {
	id := u.Old.ID
	if u.New.Health != nil {
		return m.getsHealthy(ctx, id, limit)
	}
	st, err := m.actual(id)
	if err != nil {
		return err
	}
	ended := !Alive(st) || st.Init.Pid == 0
	if !ended {
		ended, err = awaitEnd(ctx, st.Init, min(limit, settleTime))
	}
	if err != nil {
		return err
	}
	if ended {
		return m.endedTooSoon(ctx, id)
	}
	return nil
}

// endedTooSoon says how the new container ended. Its supervisor writes it before
// it goes.
func (m *Manager) endedTooSoon(ctx context.Context, id string) error {
	for end := time.Now().Add(supervisorEnd); ; time.Sleep(5 * time.Millisecond) {
		st, err := m.actual(id)
		if err != nil {
			return err
		}
		switch {
		case st.Status == record.Exited && st.StoppedByUser:
			return errStopped
		case st.Status == record.Exited, st.Status == record.Restarting, time.Now().After(end):
			text := fmt.Sprintf("the new container ended with exit code %d", st.ExitCode)
			if st.OOMKilled {
				text += ", killed for its memory"
			}
			return errs.New(errs.Unavailable, "%s", text)
		case ctx.Err() != nil:
			return ctx.Err()
		case Alive(st) && !m.initEnded(st) && st.Restarts > 0:
			return errs.New(errs.Unavailable, "the new container ended and was restarted")
		}
	}
}

// errStopped says that somebody has stopped the new container: then the old one
// is not started again.
var errStopped = errs.New(errs.Unavailable, "the new container was stopped")

// getsHealthy waits for the supervisor's word that the health check is content.
func (m *Manager) getsHealthy(ctx context.Context, id string, limit time.Duration) error {
	conn, err := ctl.Dial(m.Store.ControlSocket(id))
	if err != nil {
		return m.endedTooSoon(ctx, id)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	conn.SetDeadline(time.Now().Add(limit))
	if err := conn.Send(&ctl.Message{Op: ctl.Watch}); err != nil {
		return m.endedTooSoon(ctx, id)
	}
	for {
		msg, err := await(conn, ctl.Health, ctl.Exited)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case isTimeout(err):
			return errs.New(errs.Unavailable, "the new container was not healthy within %v", limit)
		case err != nil || msg.Op == ctl.Exited:
			return m.endedTooSoon(ctx, id)
		case msg.Message == "healthy":
			return nil
		case msg.Message == "unhealthy":
			if st, serr := m.actual(id); serr == nil && (!Alive(st) || m.initEnded(st) || st.Restarts > 0) {
				return m.endedTooSoon(ctx, id)
			}
			return errs.New(errs.Unavailable, "the new container is unhealthy%s", m.lastProbe(id))
		}
	}
}

// lastProbe is what the health check printed last.
func (m *Manager) lastProbe(id string) string {
	st, err := m.Store.State(id)
	if err != nil || st.Health == nil || len(st.Health.Log) == 0 {
		return ""
	}
	p := st.Health.Log[len(st.Health.Log)-1]
	return fmt.Sprintf(": the check's exit code was %d: %s", p.ExitCode, strings.TrimSpace(p.Output))
}

// lastLines is how many lines of the log tell of a failure.
const lastLines = 5

// withLastWords adds to why what the new container wrote at last.
func (m *Manager) withLastWords(id string, since time.Time, why error) error {
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	var b bytes.Buffer
	if err := m.Logs(ctx, id, LogsOpts{Tail: lastLines, Since: since}, &b, &b); err != nil || b.Len() == 0 {
		return why
	}
	const most = 2048
	text := strings.TrimSpace(b.String())
	return fmt.Errorf("%w; its last lines: %s", why, text[max(0, len(text)-most):])
}
