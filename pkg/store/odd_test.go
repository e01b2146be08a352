package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A fifo in the place of a file that is only there, or only written, is waited for by
// nobody.
func TestFifoInTheWay(t *testing.T) {
	s := odd(t)
	id := "x"
	run := s.RunDir(id)
	err := errors.Join(os.MkdirAll(run, 0o700), unix.Mkfifo(s.SupervisorLog(id), 0o600),
		unix.Mkfifo(filepath.Join(s.locks(), "h-v1@user"), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	log, err := s.OpenSupervisorLog(id)
	if err != nil {
		t.Fatal(err)
	}
	log.Close()
	letGo, err := s.HoldVolume("v1", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := letGo(); err != nil {
		t.Error(err)
	}
}
