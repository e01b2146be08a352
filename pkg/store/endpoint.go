package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func (s *Store) endpoints() string { return filepath.Join(s.Root, "endpoints") }

func (s *Store) endpointFile(id, iface string) string {
	return filepath.Join(s.endpoints(), id+"-"+iface+recordSuffix)
}

// SetEndpoint writes what a foreign driver is asked to make, durably. Idempotent.
func (s *Store) SetEndpoint(e *record.Endpoint) error {
	e.SchemaVersion = record.SchemaVersion
	return fsx.WriteJSON(s.endpointFile(e.ID, e.Iface), e, 0o600)
}

// Endpoint reads what a foreign driver was asked to make. A missing one gives kind
// not_found.
func (s *Store) Endpoint(id, iface string) (*record.Endpoint, error) {
	e := &record.Endpoint{}
	path := s.endpointFile(id, iface)
	if err := readJSON(path, e); err != nil {
		return e, err
	}
	return e, belongs(path, "the endpoint's", e.ID == id && e.Iface == iface)
}

// EndpointNames lists the endpoints whose id begins with idPrefix, as <id>-<interface>,
// sorted.
func (s *Store) EndpointNames(idPrefix string) ([]string, error) {
	return records(s.endpoints(), idPrefix)
}

// RemoveEndpoint removes an endpoint's record, durably. Idempotent.
func (s *Store) RemoveEndpoint(id, iface string) error {
	if err := removeIfThere(s.endpointFile(id, iface)); err != nil {
		return err
	}
	return fsx.SyncDir(s.endpoints())
}

// LockEndpoint takes the lock under which a foreign driver makes and undoes a
// container's endpoints, one for all its interfaces: nobody asks CNI plugins twice at once
// for one container (specification 1.1.0, section 3). Some containers share one.
func (s *Store) LockEndpoint(ctx context.Context, id string) (*fsx.Lock, error) {
	h := sha256.Sum256([]byte(id))
	return s.Lock(ctx, "endpoints", fmt.Sprintf("%02x", h[0]))
}

// ShareCNI takes the lock under which CNI plugins make and undo something: any
// number of commands may hold it.
func (s *Store) ShareCNI() (*fsx.Lock, error) { return fsx.LockDirShared(s.PluginCache()) }

// LockCNI takes the lock under which CNI plugins are told who there is: nobody holds
// that of ShareCNI meanwhile. It fails with kind unavailable when somebody keeps it.
func (s *Store) LockCNI(ctx context.Context) (*fsx.Lock, error) {
	ctx, cancel := context.WithTimeout(ctx, LockTimeout)
	defer cancel()
	l, err := fsx.LockDirWait(ctx, s.PluginCache())
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, errs.New(errs.Unavailable, "a plugin makes or undoes something for over %v", LockTimeout)
	}
	return l, err
}

// PluginCache is the folder of what foreign drivers' libraries keep.
func (s *Store) PluginCache() string { return filepath.Join(s.endpoints(), "cache") }
