package container

import (
	"testing"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestStateFollowsTheKernel(t *testing.T) {
	w := newWorld(t)
	gone := w.dead()
	reboot := w.running(w.self())
	reboot.BootID = "another"
	paused := w.running(gone)
	paused.Status = record.Paused
	for name, c := range map[string]struct {
		st   record.State
		want record.Status
		text string
	}{
		"alive":    {w.running(w.self()), record.Running, ""},
		"dead":     {w.running(gone), record.Exited, "its supervisor was lost"},
		"paused":   {paused, record.Exited, "its supervisor was lost"},
		"reboot":   {reboot, record.Exited, "the machine was restarted"},
		"created":  {record.State{Status: record.Created}, record.Created, ""},
		"creating": {record.State{Status: record.Creating}, record.Creating, ""},
	} {
		id := w.add(name, c.st, nil).ID
		st, err := w.actual(id)
		if err != nil || st.Status != c.want || st.Error != c.text {
			t.Errorf("%s: %+v, %v", name, st, err)
			continue
		}
		written, err := w.Store.State(id)
		if err != nil || written.Status != c.want {
			t.Errorf("%s: %s was written, %v", name, written.Status, err)
		}
		if c.want == record.Exited && (written.ExitCode != 137 || written.Finished.IsZero()) {
			t.Errorf("%s: %+v", name, written)
		}
	}
}

func TestStateIsTheSupervisorsWhileItLives(t *testing.T) {
	w := newWorld(t)
	id := w.add("c1", w.running(w.dead()), nil).ID
	w.supervise(id, func(*ctl.Conn) {})
	if st, err := w.actual(id); err != nil || st.Status != record.Running {
		t.Errorf("%+v, %v: want it left to the supervisor", st, err)
	}
}

func TestStateWhileAnotherCommandHasTheContainer(t *testing.T) {
	w := newWorld(t)
	id := w.add("c1", w.running(w.dead()), nil).ID
	l, err := w.Store.TryLock("c", id)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Unlock()
	if st, err := w.actual(id); err != nil || st.Status != record.Exited {
		t.Errorf("%+v, %v", st, err)
	}
	if st, _ := w.Store.State(id); st.Status != record.Running {
		t.Errorf("%s was written without the lock", st.Status)
	}
}

func TestFind(t *testing.T) {
	w := newWorld(t)
	c := w.add("c1", record.State{Status: record.Created}, nil)
	for _, target := range []string{"c1", "/c1", c.ID, c.ID[:5]} {
		if got, _, err := w.find(target); err != nil || got.ID != c.ID {
			t.Errorf("%s: %v", target, err)
		}
	}
	_, _, err := w.find("nosuch")
	if !errs.Is(err, errs.NotFound) || err.Error() != "No such container: nosuch" {
		t.Errorf("%v", err)
	}
}
