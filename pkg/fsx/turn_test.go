package fsx

import (
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
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
