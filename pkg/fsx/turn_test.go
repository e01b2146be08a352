package fsx

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

func TestTurnDoesWorkForThoseWhoWait(t *testing.T) {
	dir := t.TempDir()
	turn := NewTurn(filepath.Join(dir, "t"))
	const n = 100
	var wg, all sync.WaitGroup
	all.Add(n)
	lock := func() (*Lock, error) {
		all.Done() // everybody has asked
		all.Wait()
		return LockDir(dir)
	}
	var state, works atomic.Int64
	for range n {
		wg.Go(func() {
			state.Add(1)
			err := turn.Do(lock, func() error {
				if works.Add(1); state.Load() != n {
					t.Errorf("the work has seen %d of %d", state.Load(), n)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if works.Load() != 1 {
		t.Errorf("%d works for %d calls at once", works.Load(), n)
	}
	lock = func() (*Lock, error) { return LockDir(dir) }
	before := works.Load()
	if err := turn.Do(lock, func() error { works.Add(1); return nil }); err != nil || works.Load() != before+1 {
		t.Errorf("a call after the others: %d works, %v", works.Load()-before, err)
	}
}

func TestTurnThatFailsServesNobody(t *testing.T) {
	dir := t.TempDir()
	turn := NewTurn(filepath.Join(dir, "t"))
	works := 0
	// Somebody fails, or is killed, while the second one waits.
	lock := func() (*Lock, error) {
		if err := turn.Do(func() (*Lock, error) { return nil, nil }, func() error { return errors.New("no") }); err == nil {
			t.Error("a failure is not told")
		}
		return LockDir(dir)
	}
	if err := turn.Do(lock, func() error { works++; return nil }); err != nil || works != 1 {
		t.Errorf("%d works, %v", works, err)
	}
	// Somebody has done it while the next one waits.
	lock = func() (*Lock, error) {
		if err := turn.Do(func() (*Lock, error) { return nil, nil }, func() error { return nil }); err != nil {
			t.Error(err)
		}
		return LockDir(dir)
	}
	if err := turn.Do(lock, func() error { works++; return nil }); err != nil || works != 1 {
		t.Errorf("%d works, %v", works, err)
	}
	if err := errors.Join(turn.Remove(), turn.Remove()); err != nil {
		t.Error(err)
	}
}

// Whatever lies in the place of one of its files, the work is done, by the next call as
// by this one: a done that is more than was begun counts for nobody.
func TestTurnOfDamagedFiles(t *testing.T) {
	victim := filepath.Join(t.TempDir(), "victim")
	for what, put := range map[string]func(string) error{
		"nothing":       func(string) error { return nil },
		"an empty file": func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"a long file":   func(path string) error { return os.WriteFile(path, []byte("not of a turn"), 0o600) },
		"a folder":      func(path string) error { return os.Mkdir(path, 0o700) },
		"a fifo":        func(path string) error { return unix.Mkfifo(path, 0o600) },
		"a device":      func(path string) error { return os.Symlink("/dev/zero", path) },
		"a circle":      func(path string) error { return os.Symlink(path, path) },
		"a link":        func(path string) error { return os.Symlink(victim, path) },
	} {
		for _, file := range []string{"t.begun", "t.done"} {
			if err := os.WriteFile(victim, []byte("whole"), 0o600); err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			turn := NewTurn(filepath.Join(dir, "t"))
			works := 0
			do := func() {
				t.Helper()
				if err := turn.Do(func() (*Lock, error) { return LockDir(dir) }, func() error { works++; return nil }); err != nil {
					t.Errorf("%s as %s: %v", what, file, err)
				}
			}
			do()
			do()
			path := filepath.Join(dir, file)
			if err := errors.Join(os.Remove(path), put(path)); err != nil {
				t.Fatal(err)
			}
			do()
			do()
			if works != 4 {
				t.Errorf("%s as %s: %d works of 4", what, file, works)
			}
			if text, err := os.ReadFile(victim); err != nil || string(text) != "whole" {
				t.Errorf("%s as %s: what a link leads to is %q, %v", what, file, text, err)
			}
		}
	}
}
