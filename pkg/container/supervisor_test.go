package container

import (
	"testing"

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
				default:
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
