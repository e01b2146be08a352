package store

import (
	"path/filepath"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func (s *Store) upgradePath(id string) string {
	return filepath.Join(s.ContainerDir(id), "upgrade.json")
}

// Upgrade reads the intent of exchanging a container's image; kind not_found
// when there is none.
func (s *Store) Upgrade(id string) (*record.Upgrade, error) {
	u := &record.Upgrade{}
	path := s.upgradePath(id)
	if err := readJSON(path, u); err != nil {
		return nil, err
	}
	return u, belongs(path, "an upgrade of the container's", u.Old.ID == id && u.New.ID == id && u.Step != "")
}

// SetUpgrade writes the intent, durably.
func (s *Store) SetUpgrade(u *record.Upgrade) error {
	u.SchemaVersion = record.SchemaVersion
	return fsx.WriteJSON(s.upgradePath(u.Old.ID), u, 0o600)
}

// RemoveUpgrade removes the intent, durably. Idempotent.
func (s *Store) RemoveUpgrade(id string) error {
	if !isID(id) {
		return errs.New(errs.Invalid, "%q is not a container id", id)
	}
	if err := removeIfThere(s.upgradePath(id)); err != nil {
		return err
	}
	return fsx.SyncDir(s.ContainerDir(id))
}
