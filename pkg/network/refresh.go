package network

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"

	"golang.org/x/sys/unix"

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
	if errors.Is(err, fs.ErrNotExist) || keepsFile(id, err) {
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
	if err := m.s.OverwriteHosts(id, text); !keepsFile(id, err) {
		return err
	}
	return nil
}

// keepsFile reports whether err is what a container can bring about with a file of
// its own that it has mounted: let it grow, hold a lease on it (fcntl(2), F_SETLEASE),
// run it (ETXTBSY), make it immutable. That harms itself; the other members' start
// must not fail by it.
func keepsFile(id string, err error) bool {
	for _, e := range []error{fsx.ErrTooLarge, fsx.ErrNotRegular, unix.EAGAIN, unix.ETXTBSY, unix.EPERM} {
		if errors.Is(err, e) {
			slog.Warn("a file that the container keeps for itself stays as it is", "container", id, "cause", err)
			return true
		}
	}
	return false
}
