package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// stagedContainer is where a container's folder is made before it has its name.
func (s *Store) stagedContainer(id string) string {
	return filepath.Join(s.containers(), fsx.TempPrefix+id)
}

// Stale lists the temporary files of records, and the containers' folders, that
// a command was killed at writing.
func (s *Store) Stale(ctx context.Context) ([]string, error) {
	l, err := s.lockStaged(ctx)
	if err != nil || l == nil {
		return nil, err
	}
	defer l.Unlock()
	files, err := s.stale()
	if err != nil {
		return nil, err
	}
	work, err := s.staleWork()
	return append(files, work...), err
}

// RemoveStale removes what Stale lists. Idempotent.
func (s *Store) RemoveStale(ctx context.Context) error {
	l, err := s.lockStaged(ctx)
	if err != nil || l == nil {
		return err
	}
	defer l.Unlock()
	found, err := s.stale()
	err = errors.Join(err, s.removeStaleWork())
	for _, path := range found {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

// lockStaged waits until nobody is making or removing a container's folder, nil
// when that does not come to pass within stagedWait: then a busy machine keeps
// its leftovers for the next time.
func (s *Store) lockStaged(ctx context.Context) (*fsx.Lock, error) {
	wait, cancel := context.WithTimeout(ctx, stagedWait)
	defer cancel()
	l, err := fsx.LockDirWait(wait, s.containers())
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil, nil
	}
	return l, err
}

const stagedWait = 3 * time.Second

// stale is Stale for the holder of the lock of the containers' folder: nobody
// is staging one.
func (s *Store) stale() ([]string, error) {
	entries, err := os.ReadDir(s.containers())
	if err != nil {
		return nil, err
	}
	var out []string
	dirs := []string{s.names(), s.networks(), s.leases(), s.secrets(), s.snapshots(), s.endpoints()}
	for _, e := range entries {
		switch name := e.Name(); {
		case strings.HasPrefix(name, fsx.TempPrefix):
			out = append(out, filepath.Join(s.containers(), name))
		case isID(name):
			dirs = append(dirs, s.ContainerDir(name))
		}
	}
	for _, list := range []func() ([]string, error){s.leaseDirs, s.volumeDirs} {
		more, err := list()
		if err != nil {
			return nil, err
		}
		dirs = append(dirs, more...)
	}
	for _, d := range dirs {
		files, err := fsx.StaleTemps(d)
		if err != nil {
			return nil, err
		}
		out = append(out, files...)
	}
	return out, nil
}

func (s *Store) leaseDirs() ([]string, error) {
	names, err := s.LeaseNetworks()
	return mapped(names, s.leaseDir), err
}

func (s *Store) volumeDirs() ([]string, error) {
	names, err := s.VolumeNames()
	return mapped(names, s.VolumeDir), err
}

func mapped(names []string, path func(string) string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = path(n)
	}
	return out
}
