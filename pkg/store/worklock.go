package store

import (
	"errors"
	"path/filepath"

	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// staleWork lists the locks of LockWork that nobody holds: a command that was
// killed cannot remove its own.
func (s *Store) staleWork() ([]string, error) {
	var out []string
	err := s.eachStaleWork(func(path string, l *fsx.Lock) {
		l.Unlock()
		out = append(out, path)
	})
	return out, err
}

// removeStaleWork removes them, each while it is held. Idempotent.
func (s *Store) removeStaleWork() error {
	return s.eachStaleWork(func(_ string, l *fsx.Lock) { l.Remove() })
}

func (s *Store) eachStaleWork(do func(path string, l *fsx.Lock)) error {
	names, err := list(s.locks(), func(n string) bool { return len(n) > 2 && n[:2] == "w-" })
	if err != nil {
		return err
	}
	for _, n := range names {
		path := filepath.Join(s.locks(), n)
		l, err := fsx.TryLock(path)
		switch {
		case err == nil:
			do(path, l)
		case !errors.Is(err, fsx.ErrLocked):
			return err
		}
	}
	return nil
}
