package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func (s *Store) snapshots() string { return filepath.Join(s.Root, "snapshots") }

func (s *Store) snapshot(name string) string { return filepath.Join(s.snapshots(), name+".json") }

// Snapshot reads the record of a volume's snapshot.
func (s *Store) Snapshot(name string) (*record.Snapshot, error) {
	v := &record.Snapshot{}
	path := s.snapshot(name)
	if err := readJSON(path, v); err != nil {
		return v, err
	}
	return v, belongs(path, "the snapshot's", v.Name == name)
}

// SetSnapshot writes or replaces the record of a snapshot, durably.
func (s *Store) SetSnapshot(v *record.Snapshot) error {
	v.SchemaVersion = record.SchemaVersion
	l, err := s.lockSnapshots()
	if err != nil {
		return err
	}
	defer l.Unlock()
	if err := makeDurable(s.snapshots(), 0o700); err != nil {
		return err
	}
	return fsx.WriteJSON(s.snapshot(v.Name), v, 0o600)
}

// RemoveSnapshot removes the record of a snapshot, durably. Idempotent.
func (s *Store) RemoveSnapshot(name string) error {
	l, err := s.lockSnapshots()
	if err != nil {
		return err
	}
	defer l.Unlock()
	if err := os.Remove(s.snapshot(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	os.Remove(s.snapshots()) // when it was the last one
	err = fsx.SyncDir(s.snapshots())
	if errors.Is(err, fs.ErrNotExist) {
		return fsx.SyncDir(s.Root)
	}
	return err
}

// lockSnapshots is held while the folder of snapshots, which goes with the last
// one, is made or removed.
func (s *Store) lockSnapshots() (*fsx.Lock, error) {
	return fsx.LockWait(context.Background(), filepath.Join(s.locks(), "snapshots"))
}

// SnapshotNames lists the snapshots, broken ones too, sorted.
func (s *Store) SnapshotNames() ([]string, error) {
	names, err := list(s.snapshots(), func(n string) bool { return strings.HasSuffix(n, ".json") })
	for i, n := range names {
		names[i] = strings.TrimSuffix(n, ".json")
	}
	return names, err
}
