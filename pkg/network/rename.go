package network

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"slices"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// Rename lets the other members of a container's networks find it by the name
// now instead of old; a name that it has besides, as an alias, stays. Idempotent.
func (m *Manager) Rename(ctx context.Context, container, old, now string) error {
	nets, err := m.s.LeaseNetworks()
	if err != nil {
		return err
	}
	for _, n := range nets {
		found, err := m.renameIn(ctx, n, container, old, now)
		if err == nil && found {
			err = m.refreshHosts(ctx, n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *Manager) renameIn(ctx context.Context, network, container, old, now string) (found bool, err error) {
	lock, err := m.s.LockLeases(ctx, network)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer lock.Unlock()
	err = m.eachLease(network, func(a netip.Addr, l *record.Lease) error {
		i := slices.Index(l.Names, old)
		if l.Container != container || i < 0 {
			return nil
		}
		found = true
		l.Names[i] = now
		names := l.Names[:0:0]
		for _, name := range l.Names {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		l.Names = names
		return m.s.ReplaceLease(network, a.String(), l)
	})
	return found, err
}
