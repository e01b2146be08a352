package network

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/events"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Remove removes a network: record, link and rules. While a network namespace
// has an address of it, it fails with kind in_use; containers that are ending are
// waited for. The default network goes too; the next container makes it anew.
func (m *Manager) Remove(ctx context.Context, target string) error {
	n, err := m.Inspect(target)
	if errs.Is(err, errs.Corrupt) {
		return m.removeBroken(ctx, target)
	}
	if err != nil {
		return err
	}
	if n.Driver == cniDriverName {
		return cniDriver{}.check(CreateOpts{})
	}
	err = m.destroy(ctx, n)
	for again := false; errs.Is(err, errs.InUse) && (m.awaitEnded(ctx, n.Name, anyAddress) || !again); again = true {
		err = m.destroy(ctx, n)
	}
	if err != nil {
		return err
	}
	events.Emit(m.s, events.OfNetwork(n, "destroy", ""))
	return nil
}

func anyAddress(netip.Addr) bool { return true }

// destroy takes the leases' folder away first: from then on nobody joins.
func (m *Manager) destroy(ctx context.Context, n *record.Network) error {
	lock, err := m.s.Lock(ctx, "n", n.Name)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if now, err := m.s.Network(n.Name); err != nil || now.ID != n.ID {
		return err
	}
	if _, err := m.reap(ctx, n.Name); err != nil {
		return err
	}
	if err := m.s.RemoveLeases(n.Name); err != nil {
		return m.inUse(n, err)
	}
	if err := m.s.RemoveNetwork(n.Name); err != nil {
		return err
	}
	if _, has := resolverOf(n); has {
		if err := m.StopResolver(ctx, n.Name); err != nil {
			return err
		}
	}
	if err := m.unmake(ctx, n); err != nil {
		return err
	}
	lock.Remove()
	m.forgetTurn(ctx, n.Name)
	if err := m.render(ctx); err != nil || n.IPAM == nil {
		return err
	}
	return m.undoPools(ctx, n.ID)
}

func (m *Manager) unmake(ctx context.Context, n *record.Network) error {
	d, err := driverOf(n.Driver)
	if err != nil {
		return err
	}
	return d.remove(ctx, m, n)
}

// forgetTurn removes what a network without members keeps on the run-root; what stays
// does no harm.
func (m *Manager) forgetTurn(ctx context.Context, network string) {
	if lock, err := m.s.LockHosts(ctx); err == nil {
		m.s.HostsTurn(network).Remove() //nolint:errcheck // it does no harm
		lock.Unlock()
	}
}

// inUse says who is in the network.
func (m *Manager) inUse(n *record.Network, cause error) error {
	if !errs.Is(cause, errs.InUse) {
		return cause
	}
	members, err := m.Members(n.Name)
	if err != nil || len(members) == 0 {
		return cause
	}
	who := members[0].Lease.Netns
	if names := members[0].Lease.Names; len(names) > 0 {
		who = names[0]
	}
	return errs.New(errs.InUse, "network %s has active endpoints (%d, one is %s): disconnect or remove them first", n.Name, len(members), who)
}

// removeBroken removes a network whose record can't be read; its link is then a
// leftover that Clean removes.
func (m *Manager) removeBroken(ctx context.Context, name string) error {
	name = canonical(name)
	lock, err := m.s.Lock(ctx, "n", name)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if _, err := m.reap(ctx, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := m.s.RemoveLeases(name); err != nil {
		return m.inUse(&record.Network{Name: name}, err)
	}
	if err := m.s.RemoveNetwork(name); err != nil {
		return err
	}
	return m.Clean(ctx, func(string) bool { return true })
}
