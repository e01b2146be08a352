package network

import (
	"context"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/events"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Detach takes the network namespace at path netns out of a network. What
// remains of its networks gives it a default route. Idempotent.
func (m *Manager) Detach(ctx context.Context, network, netns string) error {
	n, err := m.Inspect(network)
	if err != nil {
		return err
	}
	var gone []string
	inode, missing := netdev.NetnsInode(netns) // it may have been joined by another path
	here := func(l *record.Lease) bool { return l.Netns == netns || missing == nil && l.NetnsInode == inode }
	err = m.free(ctx, n.Name, here, func(l *record.Lease) { gone = append(gone, l.Container) })
	if err != nil {
		return err
	}
	if err := m.reroute(netns); err != nil {
		return err
	}
	m.left(n.Name, gone...)
	return m.refreshHosts(ctx, n.Name, gone...)
}

// DetachAll takes a container out of every network; the id is all it needs.
// Idempotent.
func (m *Manager) DetachAll(ctx context.Context, container string) error {
	if len(container) < 12 || strings.Trim(container, "0123456789abcdef") != "" {
		return errs.New(errs.Invalid, "%q is not a container id", container)
	}
	if err := netdev.DeleteLink(vethPrefix + container[:12]); err != nil { // one that is made before its lease is seen
		return err
	}
	made, err := m.endEndpoints(ctx, container)
	if err != nil {
		return err
	}
	nets, err := m.s.LeaseNetworks()
	if err != nil {
		return err
	}
	for _, n := range nets {
		found := false
		err := m.free(ctx, n, func(l *record.Lease) bool { return l.Container == container }, func(*record.Lease) { found = true })
		if err == nil && found {
			m.left(n, container)
			err = m.refreshHosts(ctx, n)
		}
		if err != nil {
			return err
		}
	}
	m.endLentTo(ctx, made)
	return nil
}

// left tells that containers are in a network no more.
func (m *Manager) left(network string, containers ...string) {
	n, err := m.known(network)
	if err != nil {
		return
	}
	slices.Sort(containers)
	for _, id := range slices.Compact(containers) {
		events.Emit(m.s, events.OfNetwork(n, "disconnect", id))
	}
}
