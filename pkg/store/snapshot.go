package store

import (
	"path/filepath"

	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func (s *Store) snapshots() string { return filepath.Join(s.Root, "snapshots") }

func (s *Store) snapshot(name string) string { return filepath.Join(s.snapshots(), name+recordSuffix) }

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
	l, err := s.lockFolder("snapshots")
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
	l, err := s.lockFolder("snapshots")
	if err != nil {
		return err
	}
	defer l.Unlock()
	if err := removeIfThere(s.snapshot(name)); err != nil {
		return err
	}
	return s.dropIfLast(s.snapshots())
}

// SnapshotNames lists the snapshots, broken ones too, sorted.
func (s *Store) SnapshotNames() ([]string, error) {
	return records(s.snapshots(), "")
}
