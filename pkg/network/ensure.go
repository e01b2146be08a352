package network

import (
	"context"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// get is Inspect that makes the default network.
func (m *Manager) get(ctx context.Context, target string) (*record.Network, error) {
	n, err := m.Inspect(target)
	if canonical(target) != Default || !errs.Is(err, errs.NotFound) {
		return n, err
	}
	n, err = m.create(ctx, CreateOpts{Name: Default})
	if errs.Is(err, errs.Conflict) { // somebody else made it just now
		if n, err := m.s.Network(Default); err == nil {
			return n, nil
		}
	}
	return n, err
}

// ready makes sure that the network's link and rules are there; when they are
// it costs two questions to the kernel.
func (m *Manager) ready(ctx context.Context, n *record.Network) error {
	l, err := netdev.FindLink(n.Bridge)
	if err != nil || l.Alias != m.alias(n.ID) {
		return m.ensure(ctx, n)
	}
	if !n.Internal {
		if err := netdev.EnableForwarding(n.IPv6); err != nil {
			return err
		}
	}
	return m.checkRules(ctx, n)
}

// ensure makes what the network needs on the host. Idempotent.
func (m *Manager) ensure(ctx context.Context, n *record.Network) error {
	lock, err := m.s.Lock(ctx, "n", n.Name)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	now, err := m.s.Network(n.Name)
	if err != nil || now.ID != n.ID {
		return errs.New(errs.NotFound, "network %s: removed just now", n.Name)
	}
	if err := m.s.MakeLeases(n.Name); err != nil {
		return err
	}
	b, err := m.bridgeOf(n)
	if err != nil {
		return err
	}
	if err := m.replaceStray(b); err != nil {
		return err
	}
	if _, err := netdev.EnsureBridge(b); err != nil {
		return err
	}
	if !n.Internal {
		if err := netdev.EnableForwarding(n.IPv6); err != nil {
			return err
		}
	}
	return m.checkRules(ctx, n)
}

// replaceStray removes a bridge of the name that this pouch made for a network
// which is gone: the default bridge has the same name again after the state
// was wiped.
func (m *Manager) replaceStray(b netdev.Bridge) error {
	l, err := netdev.FindLink(b.Name)
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil || l.Alias == b.Alias {
		return err
	}
	id, ours := strings.CutPrefix(l.Alias, m.alias(""))
	if !ours {
		return nil // EnsureBridge says whose it is
	}
	all, err := m.List()
	if err != nil || match(all, id) != nil {
		return err
	}
	return netdev.DeleteLink(b.Name)
}

// checkRules renders the rules when those of the network are missing.
func (m *Manager) checkRules(ctx context.Context, n *record.Network) error {
	there, err := netdev.Stamps(m.Table())
	if err != nil || slices.Contains(there, stamp(n)) {
		return err
	}
	return m.render(ctx, nil)
}

// Reload makes the links and the packet rules of every network anew, for
// example after somebody flushed the firewall. Idempotent.
func (m *Manager) Reload(ctx context.Context) error {
	all, err := m.List()
	if err != nil {
		return err
	}
	for _, n := range all {
		if err := m.ensure(ctx, n); err != nil {
			return err
		}
	}
	return m.render(ctx, nil)
}
