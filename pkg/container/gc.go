package container

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Reap settles container id after its end: it removes what must go (--rm, a
// create that was cut short, a removal that was), and otherwise releases what
// the run has made and makes the state true. A running container is left
// alone. Idempotent. A supervisor does it last: see Last.
func (m *Manager) Reap(ctx context.Context, id string) error {
	if busy, err := m.reapUpgrade(ctx, id); busy || err != nil {
		return err
	}
	if m.supervised(id) || m.inHands(id) {
		return nil
	}
	verdict, err := m.verdict(id)
	if err != nil {
		return damaged(id, err)
	}
	switch verdict {
	case destroy:
		return m.Destroy(ctx, id, false)
	case settle:
		return m.settleEnded(ctx, id)
	case leave:
	}
	return nil
}

// inHands reports, to the last act of a supervisor, whether a command works on
// its container: a start that failed, or rm, which clean up themselves, and the
// start waits for this process to end.
func (m *Manager) inHands(id string) bool {
	if !inheritedLock(m.Store.SupervisorLock(id)) {
		return false
	}
	l, err := m.Store.TryLock("c", id)
	if err == nil {
		m.drop(l, id)
	}
	return errors.Is(err, fsx.ErrLocked)
}

type verdict int

const (
	leave   verdict = iota // nothing to do
	settle                 // it has ended: release what the run made
	destroy                // it must go
)

// verdict decides what becomes of a container that no supervisor has.
func (m *Manager) verdict(id string) (verdict, error) {
	c, err := m.Store.Container(id)
	if errs.Is(err, errs.NotFound) {
		return destroy, nil // an intent that never became a record, or remains without one
	}
	if err != nil {
		return leave, err
	}
	st, err := m.state(id)
	if err != nil {
		return leave, err
	}
	switch st.Status {
	case record.Creating, record.Removing:
		if m.owned(st) {
			return leave, nil
		}
		return destroy, nil
	case record.Created:
		return leave, nil
	case record.Exited, record.Running, record.Paused, record.Restarting:
	}
	if c.Policy.AutoRemove {
		return destroy, nil
	}
	return settle, nil
}

// owned reports whether the command that wrote an intent still works on it.
func (m *Manager) owned(st *record.State) bool {
	me, err := proc.Self()
	return err == nil && st.BootID == m.bootID() && st.Owner != me && proc.Alive(st.Owner) && !proc.Exiting(st.Owner)
}

// lost reports whether st is the intent of a command that is dead.
func (m *Manager) lost(st *record.State) bool {
	return (st.Status == record.Creating || st.Status == record.Removing) && !m.owned(st)
}

// settleEnded releases the run of an ended container and corrects its state.
func (m *Manager) settleEnded(ctx context.Context, id string) error {
	lock, err := m.Store.Lock(ctx, "c", id)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if m.supervised(id) {
		return nil // started again in between
	}
	words := m.lastWords(id)
	if err := m.release(ctx, id); err != nil {
		return fmt.Errorf("release container %s: %w", short(id), err)
	}
	return m.correctState(id, words)
}

// correctState turns a state that says running into exited: the supervisor
// that should have written it was killed, or the machine was.
func (m *Manager) correctState(id, words string) error {
	st, err := m.Store.State(id)
	if err != nil && !errs.Is(err, errs.Corrupt) {
		return err
	}
	if err == nil && st.Status == record.Exited {
		return nil
	}
	st = lostState(st, m.bootID(), words)
	m.lostEvent(id, st)
	return m.Store.SetState(id, st)
}

// lastWords is why the supervisor of container id ended, when it panicked.
func (m *Manager) lastWords(id string) string {
	b, err := fsx.ReadAtMost(m.Store.SupervisorLog(id), 1<<20)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			return ": " + strings.TrimSpace(line)
		}
	}
	return ""
}

// lostState makes st the state of a container that ended unseen.
func lostState(st *record.State, boot, words string) *record.State {
	st.Error, st.Cause = "its supervisor was lost"+words, whySupervisorLost
	if st.BootID != boot {
		st.Error, st.Cause, st.EndedBy = "the machine was restarted", whyRebooted, record.ByShutdown
	}
	st.Status, st.ExitCode, st.Finished = record.Exited, lostExit, time.Now().UTC()
	st.Owner, st.Init = record.Proc{}, record.Proc{}
	return st
}

// lostEvent tells an end that nobody saw.
func (m *Manager) lostEvent(id string, st *record.State) {
	m.eventOf(id, "die", record.Labels{"exitCode": strconv.Itoa(st.ExitCode), "error": st.Error, "cause": st.Cause})
}

// state reads a state; one that is broken is made up from the world, since it
// holds nothing that cannot be: a container without supervisor has ended.
func (m *Manager) state(id string) (*record.State, error) {
	st, err := m.Store.State(id)
	if errs.Is(err, errs.Corrupt) || errs.Is(err, errs.NotFound) {
		return &record.State{Status: record.Exited, ExitCode: 255, Error: "its state file was damaged"}, nil
	}
	return st, err
}

// stateDamaged reports whether the state of container id cannot be read.
func (m *Manager) stateDamaged(id string) bool {
	_, err := m.Store.State(id)
	return errs.Is(err, errs.Corrupt)
}

// recoverID lets a name or a record that a dead command left behind be used
// again: it reaps container id if nobody works on it.
func (m *Manager) recoverID(ctx context.Context, id string) error {
	if fsx.Held(m.Store.SupervisorLock(id)) {
		return nil // alive, or in its last cleaning
	}
	return m.Reap(ctx, id)
}

// initEnded reports whether process 1 of a state that was running is gone.
func (m *Manager) initEnded(st *record.State) bool {
	return st.Status == record.Exited || m.stale(st)
}
