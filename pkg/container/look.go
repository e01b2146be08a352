package container

import (
	"fmt"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// lostExit is the exit code of a container whose end nobody saw.
const lostExit = 137

// look reads the record of container id and its state as the kernel has it.
// A container that is gone by now gives kind not_found.
func (m *Manager) look(id string) (*record.Container, *record.State, error) {
	c, err := m.Store.Container(id)
	if err != nil {
		return nil, nil, damaged(id, err)
	}
	st, err := m.actual(id)
	return c, st, damaged(id, err)
}

// damaged says of a record that cannot be read whose it is and what to do.
func damaged(id string, err error) error {
	if !errs.Is(err, errs.Corrupt) {
		return err
	}
	return fmt.Errorf("container %s is damaged: %w: pouch-run rm -f %s removes it", short(id), err, short(id))
}

// find is look of the container that target names: a name, an id or the
// beginning of one.
func (m *Manager) find(target string) (*record.Container, *record.State, error) {
	id, err := m.Store.ResolveContainer(target)
	if err != nil {
		return nil, nil, err
	}
	c, st, err := m.look(id)
	if errs.Is(err, errs.NotFound) {
		err = missing(target)
	}
	return c, st, err
}

func missing(target string) error {
	return errs.New(errs.NotFound, "No such container: %s", target)
}

// actual returns the state of container id. A state that claims to run while
// process 1 is dead is left as it is when a supervisor is there, who is about to
// write the end, and is corrected on the spot when there is none. Correcting
// never waits for another command.
func (m *Manager) actual(id string) (*record.State, error) {
	st, err := m.Store.State(id)
	if err != nil || !m.stale(st) || m.supervised(id) {
		return st, err
	}
	l, err := m.Store.TryLock("c", id)
	if err != nil {
		return lostState(st, m.bootID(), m.lastWords(id)), nil // who holds it corrects it
	}
	defer l.Unlock()
	st, err = m.Store.State(id) // the supervisor may have written the end just before it went
	if err != nil || !m.stale(st) || m.supervised(id) {
		return st, err
	}
	// A state that cannot be written, on a full disk, is told all the same.
	st = lostState(st, m.bootID(), m.lastWords(id))
	m.lostEvent(id, st)
	m.Store.SetState(id, st) //nolint:errcheck // as said above
	return st, nil
}

// stale reports whether st claims processes that the kernel does not have.
// Between two runs of a restart policy there is none: then it is the supervisor
// that must live.
func (m *Manager) stale(st *record.State) bool {
	if !Alive(st) {
		return false
	}
	if st.BootID != m.bootID() {
		return true
	}
	return !proc.Alive(st.Init) && (st.Status != record.Restarting || !proc.Alive(st.Owner))
}

// Alive reports whether st is of a container that has, or is about to have
// again, processes: running, paused or restarting.
func Alive(st *record.State) bool {
	return st.Status == record.Running || st.Status == record.Paused || st.Status == record.Restarting
}

// bootID identifies the running boot.
func (m *Manager) bootID() string {
	m.bootOnce.Do(func() {
		var err error
		if m.boot, err = proc.BootID(); err != nil {
			m.boot = "unknown" // as no record has it: no process of one counts as alive
		}
	})
	return m.boot
}
