package fsx

import (
	"errors"
	"io/fs"
	"os"
)

// Turn is work that brings something up to date, asked for by many processes at
// once: who waited while somebody began it after his call need not do it again.
// The sizes of two files count how often it was begun and done, so a process that
// is killed in between misleads nobody. What is no file in the place of one counts
// nothing, and goes when there is something to count.
type Turn struct {
	begun, done string
}

// NewTurn returns the turn whose files' paths begin with path; there is one lock
// that goes with it, and every process does the work with that lock.
func NewTurn(path string) Turn { return Turn{path + ".begun", path + ".done"} }

// Do takes the lock and does the work, unless somebody else began it after the call
// and has done it. Work that fails counts for nobody.
func (t Turn) Do(lock func() (*Lock, error), work func() error) error {
	before, err := size(t.begun)
	if err != nil {
		return err
	}
	l, err := lock()
	if err != nil {
		return err
	}
	defer l.Unlock()
	done, err := size(t.done)
	if err != nil {
		return err
	}
	now, err := size(t.begun)
	if err != nil || done > before && done <= now { // more than was begun is damage
		return err
	}
	if err := setSize(t.begun, now+1); err != nil {
		return err
	}
	if err := work(); err != nil {
		return err
	}
	return setSize(t.done, now+1)
}

// Remove removes the files of a turn that nobody will ask for again. The caller
// has the lock.
func (t Turn) Remove() error {
	// In this order a turn that is killed here is never done before it is begun.
	for _, p := range []string{t.done, t.begun} {
		if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func size(path string) (int64, error) {
	st, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if !st.Mode().IsRegular() {
		return 0, nil
	}
	return st.Size(), nil
}

func setSize(path string, n int64) error {
	f, err := OpenOwn(path, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Truncate(n)
}
