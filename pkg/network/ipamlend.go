package network

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// lentSuffix stands behind the interface in the record that says which addresses a
// plugin has lent to it; no link's name has a colon.
const lentSuffix = ":ip"

func isLent(iface string) bool { return strings.HasSuffix(iface, lentSuffix) }

// lend has the plugin of a network give addresses to the interface of l, one of each
// subnet in their order, and leases them. The record is durable before the plugin is
// asked, and says what it gave before anything is made of it. On failure nothing is
// left that gc would not find, but for what a plugin gave to a command that was
// killed before it heard of it.
func (m *Manager) lend(ctx context.Context, n *record.Network, subs []subnet, l *record.Lease, j record.Join) ([]netip.Addr, error) {
	e := newEndpoint(n, l)
	e.Iface, e.Driver = l.Iface+lentSuffix, n.IPAM.Driver
	if n.IPAM.MAC && l.MAC == "" {
		l.MAC = netdev.HashMAC(n.ID, e.ID, l.Iface)
	}
	for i, s := range subs {
		e.Pools = append(e.Pools, record.Pool{ID: n.Subnets[i].Pool, Subnet: s.prefix.String(), Want: asked(j, s)})
	}
	if n.IPAM.MAC {
		e.MAC = l.MAC
	}
	addrs, err := m.askAddresses(ctx, e, subs)
	if err != nil {
		return nil, err
	}
	l.IPAM = true
	for _, a := range addrs {
		if err := m.insist(ctx, n, a, l); err != nil {
			return nil, errors.Join(err, m.undoLent(context.WithoutCancel(ctx), e.ID, e.Iface))
		}
	}
	return addrs, m.madeEndpoint(e)
}

// askAddresses asks the plugin, after what an earlier life has left was given back.
func (m *Manager) askAddresses(ctx context.Context, e *record.Endpoint, subs []subnet) ([]netip.Addr, error) {
	lock, err := m.s.LockEndpoint(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	if err := m.undoLocked(ctx, e.ID, e.Iface); err != nil {
		return nil, err
	}
	if e.BootID, err = proc.BootID(); err != nil {
		return nil, err
	}
	if err := m.s.SetEndpoint(e); err != nil {
		return nil, err
	}
	a, err := m.foreign(ctx, ForeignCall{Op: ForeignLend, Driver: e.Driver, Endpoint: e})
	if err != nil {
		return nil, errors.Join(noPlugin(err, e.Driver), m.s.RemoveEndpoint(e.ID, e.Iface))
	}
	e.Pools = a.Pools
	if err := m.s.SetEndpoint(e); err != nil {
		return nil, err
	}
	var out []netip.Addr
	for i, s := range subs {
		if i < len(e.Pools) && len(e.Pools[i].Addresses) == 1 {
			if x, err := netip.ParseAddr(e.Pools[i].Addresses[0]); err == nil && s.prefix.Contains(x) && x != s.gateway {
				out = append(out, x)
				continue
			}
		}
		return nil, errors.Join(errs.New(errs.Corrupt, "IPAM driver %s: it gave an address that a member cannot have in %s", e.Driver, s.prefix), m.undoLocked(ctx, e.ID, e.Iface))
	}
	return out, nil
}

// undoLent gives back what a plugin lent to an interface. Idempotent.
func (m *Manager) undoLent(ctx context.Context, id, iface string) error {
	lock, err := m.s.LockEndpoint(ctx, id)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	return m.undoLocked(ctx, id, iface)
}

func (m *Manager) undoLocked(ctx context.Context, id, iface string) error {
	e, err := m.s.Endpoint(id, iface)
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if !e.Made && !slices.ContainsFunc(e.Pools, func(p record.Pool) bool { return len(p.Addresses) > 0 }) {
		slog.Warn("a command was killed before an IPAM plugin answered it: if it gave an address, it alone knows, and has to be told by its own tools",
			"driver", e.Driver, "network", e.Network, "of", shorten(e.ID))
	}
	return m.giveGivenBack(ctx, ForeignReturn, e)
}

// endLent gives back what was lent to the interfaces whose leases have ended, unless
// somebody uses it again. A plugin that is not reached is told of, and asked again
// by gc.
func (m *Manager) endLent(ctx context.Context, ended []member) {
	done := map[string]bool{}
	for _, x := range ended {
		id, iface := key(x.lease.Container, x.lease.Netns, x.lease.NetnsInode), x.lease.Iface+lentSuffix
		if !x.lease.IPAM || done[id+iface] {
			continue
		}
		done[id+iface] = true
		m.endOneLent(ctx, id, iface)
	}
}

func (m *Manager) endOneLent(ctx context.Context, id, iface string) {
	lock, err := m.s.LockEndpoint(ctx, id)
	if err == nil {
		defer lock.Unlock()
		if e, rerr := m.s.Endpoint(id, iface); rerr == nil && m.lentUsed(e) {
			return
		}
		err = m.undoLocked(ctx, id, iface)
	}
	if err != nil {
		slog.Warn("an IPAM plugin could not take an address back; the next gc asks it again", "of", shorten(id), "error", err)
	}
}

// lentUsed reports whether an interface has what was lent to it, or is about to get it.
func (m *Manager) lentUsed(e *record.Endpoint) bool {
	if !e.Made && proc.Alive(e.Owner) {
		return true
	}
	for _, p := range e.Pools {
		for _, a := range p.Addresses {
			l, err := m.s.Lease(e.Network, a)
			if err == nil && l.NetnsInode == e.NetnsInode && l.Iface+lentSuffix == e.Iface && m.thisBoot(e) {
				return true
			}
		}
	}
	return false
}

// givenDead says why nobody has what an IPAM plugin gave any more, or "".
func (m *Manager) givenDead(e *record.Endpoint, alive func(string) bool) string {
	reason := ""
	switch {
	case !e.Made && proc.Alive(e.Owner):
	case e.Iface == poolsIface:
		if n, err := m.s.Network(e.Network); errs.Is(err, errs.NotFound) || err == nil && n.ID != e.ID {
			reason = "no such network"
		}
	case !m.thisBoot(e):
		reason = "the machine was restarted"
	case e.Container != "" && !alive(e.Container):
		reason = "no such container"
	case !m.lentUsed(e):
		reason = "no interface has it"
	}
	if reason != "" && e.Error != "" {
		reason += ": " + e.Error
	}
	return reason
}

// isGiven reports whether a record is one of what an IPAM plugin gave.
func isGiven(iface string) bool { return iface == poolsIface || isLent(iface) }

// cleanGiven gives back what an IPAM plugin gave.
func (m *Manager) cleanGiven(ctx context.Context, id, iface string) error {
	if iface == poolsIface {
		return m.undoPools(ctx, id)
	}
	return m.undoLocked(ctx, id, iface)
}

// endLentTo gives back what killed commands have left of what was lent to a container.
func (m *Manager) endLentTo(ctx context.Context, names []string) {
	for _, name := range slices.DeleteFunc(names, func(n string) bool { return !isLent(n) }) {
		id, iface, _ := strings.Cut(name, "-")
		m.endOneLent(ctx, id, iface)
	}
}
