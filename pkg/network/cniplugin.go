package network

import (
	"context"
	"net"
	"slices"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

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
// made: leases, link and addresses. Kind not_found for what is missing.
func (m *Manager) CheckCNI(network, id, netns, iface string, addresses []string) error {
	members, err := m.Members(network)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(members, func(x Member) bool { return x.Lease.CNI == id && x.Lease.Iface == iface })
	if i < 0 {
		return errs.New(errs.NotFound, "network %s: %s has no address for %s", network, id, iface)
	}
	j := members[i].Joined
	for _, a := range addresses {
		if a != j.IPv4 && a != j.IPv6 {
			return errs.New(errs.NotFound, "network %s: the address %s is not that of %s", network, a, id)
		}
	}
	there, err := addressesIn(netns, iface)
	if err != nil {
		return err
	}
	for _, a := range []string{j.IPv4, j.IPv6} {
		if a != "" && !slices.Contains(there, a) {
			return errs.New(errs.NotFound, "interface %s has no address %s", iface, a)
		}
	}
	return nil
}

// addressesIn lists the addresses of a link in a namespace.
func addressesIn(netns, iface string) ([]string, error) {
	var out []string
	err := netdev.Within(netns, func() error {
		l, err := net.InterfaceByName(iface)
		if err != nil {
			return errs.New(errs.NotFound, "interface %s: %w", iface, err)
		}
		addrs, err := l.Addrs()
		for _, a := range addrs {
			out = append(out, a.String())
		}
		return err
	})
	return out, err
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
	return m.vacancy(ctx, n)
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
