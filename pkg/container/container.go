// Package container is the noun: records of containers and what can be done
// with them, one file an operation.
package container

import (
	"context"
	"sync"

	"github.com/pouchcontainer/pouch/pkg/ctrd"
	"github.com/pouchcontainer/pouch/pkg/ctrd/engine"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/network"
	"github.com/pouchcontainer/pouch/pkg/store"
	"github.com/pouchcontainer/pouch/pkg/volume"
)

// Manager holds what the operations share. Its methods are safe for use by any
// number of processes at once.
type Manager struct {
	Store   *store.Store
	Network *network.Manager
	Volume  *volume.Manager

	address string // of containerd; empty: the private one
	last    bool   // this is the last act of a supervisor: see Reap
	unit    unit   // what this command is to the service manager
	once    sync.Once
	client  *ctrd.Client
	err     error

	bootOnce sync.Once
	boot     string // id of the running boot
}

// Open returns the manager of s's containers. It does nothing yet: containerd
// at address, or the private one when address is empty, is dialled when an
// operation first needs it.
func Open(s *store.Store, address string) *Manager {
	return &Manager{Store: s, Network: network.Open(s), Volume: volume.Open(s), address: address}
}

// engine returns the connection to containerd, which it starts if need be.
func (m *Manager) engine(ctx context.Context) (*ctrd.Client, error) {
	m.once.Do(func() {
		if m.address == "" {
			m.client, m.err = m.private(ctx)
			return
		}
		var address string
		if address, m.err = engine.Address(ctx, m.Store, m.address); m.err == nil {
			m.client = ctrd.Dial(address, ctrd.Namespace)
		}
	})
	return m.client, m.err
}

// private returns a connection to the private engine.
func (m *Manager) private(ctx context.Context) (*ctrd.Client, error) {
	cl := ctrd.Dial(engine.Socket(m.Store), ctrd.Namespace)
	cl.Blobs = engine.Blobs(m.Store)
	if cl.Connect(ctx) == nil {
		return cl, nil
	}
	if m.last {
		return nil, errs.New(errs.Unavailable, "containerd does not run: pouch-run gc clears what is left")
	}
	_, err := engine.Address(ctx, m.Store, "")
	return cl, err
}
