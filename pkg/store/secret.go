package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func (s *Store) secrets() string { return filepath.Join(s.Root, "secrets") }

func (s *Store) secret(name string) string {
	return filepath.Join(s.secrets(), name+recordSuffix)
}

// CreateSecret writes a stored secret, durably and for root alone. With replace
// one of that name is replaced; without, it gives an error that is fs.ErrExist.
func (s *Store) CreateSecret(v *record.StoredSecret, replace bool) error {
	v.SchemaVersion = record.SchemaVersion
	write := fsx.CreateJSON
	if replace {
		write = fsx.WriteJSON
	}
	l, err := s.lockFolder("secrets")
	if err != nil {
		return err
	}
	defer l.Unlock()
	if err := makeDurable(s.secrets(), 0o700); err != nil {
		return err
	}
	return write(s.secret(v.Name), v, 0o600)
}

// makeDurable makes a folder whose entry survives a power cut. Idempotent.
func makeDurable(dir string, mode os.FileMode) error {
	err := os.Mkdir(dir, mode)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return fsx.SyncDir(filepath.Dir(dir))
}

// Secret reads a stored secret.
func (s *Store) Secret(name string) (*record.StoredSecret, error) {
	v := &record.StoredSecret{}
	path := s.secret(name)
	if err := readJSON(path, v); err != nil {
		return v, err
	}
	return v, belongs(path, "the secret's", v.Name == name)
}

// SecretNames lists the stored secrets, broken ones too, sorted.
func (s *Store) SecretNames() ([]string, error) {
	return records(s.secrets(), "")
}

// RemoveSecret removes a stored secret, durably. A missing one gives an error
// that is fs.ErrNotExist.
func (s *Store) RemoveSecret(name string) error {
	l, err := s.lockFolder("secrets")
	if err != nil {
		return err
	}
	defer l.Unlock()
	if err := os.Remove(s.secret(name)); err != nil {
		return err
	}
	return s.dropIfLast(s.secrets())
}

func (s *Store) ownSecret(id string, i int) string {
	return filepath.Join(s.ContainerDir(id), "secrets", strconv.Itoa(i))
}

// SetOwnSecret keeps the content of a container's i-th secret with the
// container, durably and for root alone. It goes with the container's files.
func (s *Store) SetOwnSecret(id string, i int, data []byte) error {
	path := s.ownSecret(id, i)
	if err := makeDurable(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return fsx.WriteFile(path, data, 0o600)
}

// OwnSecret reads what SetOwnSecret keeps.
func (s *Store) OwnSecret(id string, i int) ([]byte, error) {
	return fsx.ReadAtMost(s.ownSecret(id, i), record.MaxSecret)
}
