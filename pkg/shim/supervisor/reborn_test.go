package supervisor

import (
	"errors"
	"testing"
)

// told is what a user who waits for a life has been told, or that it was nothing.
func told(born <-chan error) (ok bool, err error) {
	select {
	case err := <-born:
		return true, err
	default:
		return false, nil
	}
}

// TestRestartAsALifeBegins: a restart that is asked for when a life has just begun is
// not answered by that one, which it is about to end.
func TestRestartAsALifeBegins(t *testing.T) {
	tk := &task{phase: restarting, reconsider: make(chan struct{}, 1), restarts: 2}
	first, err := tk.expect()
	must(t, err)
	tk.bears()
	tk.phase = running
	second, err := tk.expect()
	must(t, err)
	tk.tellBorn(nil)
	if ok, err := told(first); !ok || err != nil || tk.restarts != 0 {
		t.Errorf("the first: %v, %v, %d restarts", ok, err, tk.restarts)
	}
	if ok, _ := told(second); ok {
		t.Error("the second was told of the first one's life")
	}
	tk.bears()
	tk.tellBorn(nil)
	if ok, err := told(second); !ok || err != nil {
		t.Errorf("the second: %v, %v", ok, err)
	}
}

// TestRestartThatFails: who waits for a life that cannot begin is told why.
func TestRestartThatFails(t *testing.T) {
	tk := &task{phase: restarting, reconsider: make(chan struct{}, 1)}
	born, err := tk.expect()
	must(t, err)
	tk.tellBorn(errors.New("no"))
	if ok, err := told(born); !ok || err == nil {
		t.Errorf("%v, %v", ok, err)
	}
	born, err = tk.expect()
	must(t, err)
	tk.forgo(born)
	if tk.expected() {
		t.Error("a restart that was given up is waited for")
	}
}
