package supervisor

import (
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// restart ends this life, as stop does, and begins another at once, whatever
// the restart policy says: the same supervisor, network and root. It returns
// when the next life runs.
func (t *task) restart(sig unix.Signal, seconds int) error {
	born, err := t.expect()
	if err != nil {
		return err
	}
	t.regain()
	t.endedBy(record.ByStop, sig)
	late, settle, err := t.askToEnd(sig, seconds)
	if err != nil {
		t.forgo(born)
		return err
	}
	defer settle()
	for {
		select {
		case err := <-born:
			if err == nil {
				t.event("restart", nil)
			}
			return err
		case <-t.ended:
			return errs.New(errs.Conflict, "restart container %s: it was stopped meanwhile", t.id)
		case <-late:
			if err := t.killNow(); err != nil {
				return err
			}
			late = nil
		}
	}
}

// expect asks for another life after this one.
func (t *task) expect() (<-chan error, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.phase != running && t.phase != restarting:
		return nil, errs.New(errs.Conflict, "restart container %s: it is %s", t.id, t.phase)
	case t.last:
		return nil, errs.New(errs.Conflict, "restart container %s: it is being stopped", t.id)
	case t.born != nil:
		return nil, errs.New(errs.Conflict, "restart container %s: another restart is under way", t.id)
	}
	t.born = make(chan error, 1)
	t.poke()
	return t.born, nil
}

// expected reports whether a user waits for the next life.
func (t *task) expected() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.born != nil
}

// bears says, with mu held, that the life that begins now is what a user waits for:
// one who asks for another from now on waits for the one after it. A user's restart
// begins the count anew.
func (t *task) bears() {
	if t.born != nil {
		t.bearing, t.born = t.born, nil
		t.restarts, t.backoff = 0, 0
	}
}

// tellBorn tells the user who waits for the life that was to begin how it did: one
// that did not get so far as bears was expected still.
func (t *task) tellBorn(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil && t.bearing == nil {
		t.bearing, t.born = t.born, nil
	}
	if t.bearing != nil {
		t.bearing <- err
		t.bearing = nil
	}
}

// forgo takes back what expect has asked for: nobody waits any more.
func (t *task) forgo(born <-chan error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.born == born {
		t.born = nil
	}
}
