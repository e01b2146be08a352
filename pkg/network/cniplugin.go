package network

import (
	"context"
	"slices"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// AttachCNI is Attach for the pod of a CNI runtime, which names the interface: one of
// that name must not be there (specification 1.1.0, ADD). Kind conflict when it is.
func (m *Manager) AttachCNI(ctx context.Context, o AttachOpts) (record.Joined, error) {
	taken, err := netdev.LinkNames(o.Netns)
	if err != nil {
		return record.Joined{}, err
	}
	if slices.Contains(taken, o.Iface) {
		return record.Joined{}, errs.New(errs.Conflict, "interface %s: the network namespace %s has one of that name", o.Iface, o.Netns)
	}
	return m.Attach(ctx, o)
}

// DetachCNI takes out of a network what CNI runtimes have put there and which
// names. The namespaces may be gone. Idempotent; a missing network gives kind
// not_found.
func (m *Manager) DetachCNI(ctx context.Context, network string, which func(*record.Lease) bool) error {
	n, err := m.Inspect(network)
	if err != nil {
		return err
	}
	spaces := map[string]bool{}
	err = m.free(ctx, n.Name, func(l *record.Lease) bool { return l.CNI != "" && which(l) }, func(l *record.Lease) {
		spaces[l.Netns] = true
	})
	if err != nil || len(spaces) == 0 {
		return err
	}
	for path := range spaces {
		if err := m.reroute(path); err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
	}
	return m.refreshHosts(ctx, n.Name)
}

// CheckCNI checks that what a CNI runtime has put into a network is there as it was
// made: leases, link and addresses, the link's other end, rules of published ports.
// Addresses are those that the runtime remembers. Kind not_found for what is missing.
func (m *Manager) CheckCNI(network, id, netns, iface string, addresses []string) error {
	n, err := m.Inspect(network)
	if err != nil {
		return err
	}
	d, err := driverOf(n.Driver)
	if err != nil {
		return err
	}
	members, err := m.Members(n.Name)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(members, func(x Member) bool { return x.Lease.CNI == id && x.Lease.Iface == iface })
	if i < 0 {
		return errs.New(errs.NotFound, "network %s: %s has no address for %s", network, id, iface)
	}
	x := members[i]
	for _, a := range addresses {
		if a != x.Joined.IPv4 && a != x.Joined.IPv6 {
			return errs.New(errs.NotFound, "network %s: the address %s is not that of %s", network, a, id)
		}
	}
	if now, err := netdev.NetnsInode(netns); err != nil || now != x.Lease.NetnsInode {
		return errs.New(errs.NotFound, "network %s: %s is in it with another network namespace than %s", network, id, netns)
	}
	_, err = m.checkMember(n, d, x)
	return err
}

// Usable makes what a network needs on this host, and fails when nobody could join
// it now, for want of an address too. Idempotent.
func (m *Manager) Usable(ctx context.Context, network string) error {
	n, err := m.get(ctx, network)
	if err != nil {
		return err
	}
	if err := m.ready(ctx, n); err != nil {
		return err
	}
	return m.full(n)
}

// portsFree refuses ports of a CNI runtime's pod that somebody has: no socket is
// kept for it that would say so.
func (m *Manager) portsFree(l *record.Lease) error {
	if l.CNI == "" || len(l.Ports) == 0 {
		return nil
	}
	all, err := m.everyone()
	if err != nil {
		return err
	}
	for _, e := range all {
		if e.lease.CNI == "" || e.lease.NetnsInode == l.NetnsInode {
			continue
		}
		for _, p := range e.lease.Ports {
			if slices.ContainsFunc(l.Ports, func(o record.Port) bool {
				return o.HostPort == p.HostPort && o.Protocol == p.Protocol && (o.HostIP == p.HostIP || o.HostIP == "" || p.HostIP == "")
			}) {
				return errs.New(errs.Conflict, "port %d/%s is published for %s already", p.HostPort, p.Protocol, e.lease.CNI)
			}
		}
	}
	files, _, err := Reserve(l.Ports) // a container, or another program of the host
	for _, f := range files {
		f.Close()
	}
	return err
}
