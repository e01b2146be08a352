package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestTempDir(t *testing.T) {
	s, err := Open(t.TempDir(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	mine, remove, err := s.TempDir()
	if err != nil {
		t.Fatal(err)
	}
	dead := filepath.Join(s.Root, "tmp", "dead") // of a command that died
	if err := os.Mkdir(dead, 0o700); err != nil {
		t.Fatal(err)
	}
	other, removeOther, err := s.TempDir()
	if err != nil {
		t.Fatal(err)
	}
	defer removeOther()
	for dir, want := range map[string]bool{mine: true, other: true, dead: false} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s exists: %v, want %v", dir, err == nil, want)
		}
	}
	remove()
	if _, err := os.Stat(mine); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after remove: %v", err)
	}
}

func TestLockWorkWaits(t *testing.T) {
	s, err := Open(t.TempDir(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l, err := s.LockWork(context.Background(), "x")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.LockWork(ctx, "x"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("second lock: %v", err)
	}
	l.Remove()
	again, err := s.LockWork(context.Background(), "x")
	if err != nil {
		t.Fatal(err)
	}
	again.Remove()
	if _, err := os.Stat(filepath.Join(s.locks(), "w-x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the lock file stays: %v", err)
	}
}
