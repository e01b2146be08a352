package container

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Looking whether a container has a supervisor must not keep a start from
// becoming one.
func TestProbesDoNotBlockAStart(t *testing.T) {
	w := newWorld(t)
	const id = "x"
	quit, done := make(chan struct{}), make(chan struct{})
	for range 4 {
		go func() {
			defer func() { done <- struct{}{} }()
			for {
				select {
				case <-quit:
					return
				case <-time.After(time.Millisecond): // without it, one or the other looks at any time
					w.supervised(id)
				}
			}
		}()
	}
	for range 200 {
		l, err := w.supervisorLock(id)
		if err != nil {
			t.Error(err)
			break
		}
		l.Unlock()
	}
	close(quit)
	for range 4 {
		<-done
	}
	l, err := w.supervisorLock(id)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Unlock()
	if _, err := w.supervisorLock(id); !errs.Is(err, errs.Conflict) {
		t.Errorf("%v: want a conflict with the supervisor that is there", err)
	}
}

// On a busy machine who looks may stop in the middle of it for long: others who look
// take it for no supervisor, and a start waits for it.
func TestWhoLooksIsNoSupervisor(t *testing.T) {
	w := newWorld(t)
	const id = "x"
	l, err := w.supervisorLock(id)
	if err != nil {
		t.Fatal(err)
	}
	if !w.supervised(id) {
		t.Error("a supervisor is not seen")
	}
	l.Unlock()
	looking, err := os.OpenFile(w.Store.SupervisorLock(id), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(looking.Fd()), unix.LOCK_SH); err != nil { // as Held does
		t.Fatal(err)
	}
	if w.supervised(id) {
		t.Error("who looks is taken for a supervisor")
	}
	time.AfterFunc(4*handover, func() { looking.Close() })
	if l, err = w.supervisorLock(id); err != nil {
		t.Fatal(err)
	}
	l.Unlock()
}
