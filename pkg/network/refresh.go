package network

import (
	"bytes"
	"context"
	"errors"
	"io/fs"

	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// refreshHosts brings the hosts files of a network's containers up to date, and
// those of containers that left. Idempotent. The last one to have the lock sees every lease.
func (m *Manager) refreshHosts(ctx context.Context, network string, left ...string) error {
	lock, err := m.s.LockHosts(ctx)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	all, err := m.everyone()
	if err != nil {
		return err
	}
	todo := map[string]bool{}
	for _, id := range left {
		todo[id] = true
	}
	for _, e := range all {
		if e.network == network {
			todo[e.lease.Container] = true
		}
	}
	delete(todo, "")
	for id := range todo {
		if err := m.writeHosts(id, entriesFor(id, all)); err != nil {
			return err
		}
	}
	return nil
}

// entriesFor are the lines for a container: its own first, so that its host
// name means itself, then those of the members of its networks.
func entriesFor(id string, all []member) []HostsEntry {
	in := map[string]bool{}
	for _, e := range all {
		if e.lease.Container == id {
			in[e.network] = true
		}
	}
	var own, others []HostsEntry
	for _, e := range all {
		line := HostsEntry{e.addr, e.lease.Names}
		switch {
		case !in[e.network] || len(e.lease.Names) == 0:
		case e.lease.Container == id:
			own = append(own, line)
		default:
			others = append(others, line)
		}
	}
	return append(own, others...)
}

// writeHosts leaves a file alone that is right already, that is missing, or
// that its container made into something else.
func (m *Manager) writeHosts(id string, entries []HostsEntry) error {
	old, err := m.s.Hosts(id)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fsx.ErrTooLarge) {
		return nil
	}
	if err != nil {
		return err
	}
	text := HostsFile(old, entries)
	if bytes.Equal(old, text) {
		return nil
	}
	return m.s.OverwriteHosts(id, text)
}
