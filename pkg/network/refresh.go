package network

import (
	"bytes"
	"context"
	"errors"
	"io/fs"

	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// refreshHosts brings the hosts files of a network's containers up to date, and
// those of containers that left. Idempotent. Commands that ask at the same time are
// served by one.
func (m *Manager) refreshHosts(ctx context.Context, network string, left ...string) error {
	lock := func() (*fsx.Lock, error) { return m.s.LockHosts(ctx) }
	if len(left) == 0 {
		return m.s.HostsTurn(network).Do(lock, func() error { return m.writeAllHosts(network) })
	}
	l, err := lock()
	if err != nil {
		return err
	}
	defer l.Unlock()
	return m.writeAllHosts(network, left...)
}

func (m *Manager) writeAllHosts(network string, left ...string) error {
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
	mute := m.mute(all)
	for id := range todo {
		own, others := entriesFor(id, all, mute)
		if err := m.writeHosts(id, own, others); err != nil {
			return err
		}
	}
	return nil
}

// mute are the networks whose members do not find each other by name.
func (m *Manager) mute(all []member) map[string]bool {
	out := map[string]bool{}
	for _, e := range all {
		if _, seen := out[e.network]; seen {
			continue
		}
		n, err := m.known(e.network)
		out[e.network] = err == nil && n.NoNames
	}
	return out
}

// entriesFor are the lines for a container: its own, which come first so that its
// host name means itself, and those of the members of its networks.
func entriesFor(id string, all []member, mute map[string]bool) (own, others []HostsEntry) {
	in := map[string]bool{}
	for _, e := range all {
		if e.lease.Container == id {
			in[e.network] = true
		}
	}
	for _, e := range all {
		line := HostsEntry{e.addr, e.lease.Names}
		switch {
		case !in[e.network] || len(e.lease.Names) == 0:
		case e.lease.Container == id:
			own = append(own, line)
		case mute[e.network]:
		default:
			others = append(others, line)
		}
	}
	return own, others
}

// writeHosts leaves a file alone that is right already, that is missing, or
// that its container made into something else.
func (m *Manager) writeHosts(id string, own, others []HostsEntry) error {
	old, err := m.s.Hosts(id)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fsx.ErrTooLarge) {
		return nil
	}
	if err != nil {
		return err
	}
	first := firstName(old)
	if first == "" {
		first = m.s.Hostname(id)
	}
	text := HostsFile(old, append(namedFirst(own, first), others...))
	if bytes.Equal(old, text) {
		return nil
	}
	return m.s.OverwriteHosts(id, text)
}
