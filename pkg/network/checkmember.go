package network

import (
	"context"
	"net"
	"net/netip"
	"slices"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// ForeignStatus asks a foreign driver whether it could make an endpoint now.
const ForeignStatus = "status"

// anew is what puts a member right whose interface is another than was made.
const anew = "disconnect it and connect it again"

// checkMember looks whether an interface is as it was made: with its addresses and
// its MAC address, up, its other end a port of the bridge, and with its rates and the
// rules that lead to its published ports. Kind not_found for what is missing. fix is what
// puts that right.
func (m *Manager) checkMember(n *record.Network, d driver, x Member) (fix string, err error) {
	if err := m.checkLinks(n, d, x); err != nil {
		return anew, err
	}
	if err := m.checkRates(&x.Lease); err != nil {
		return "pouch-net reload", err
	}
	return "pouch-net reload", m.checkPorts(n, &x.Lease)
}

// checkLinks looks at the links and their addresses.
func (m *Manager) checkLinks(n *record.Network, d driver, x Member) error {
	if err := checkInside(x); err != nil {
		return err
	}
	if l := &x.Lease; d.traits().hostEnd && l.HostLink != "" && n.Bridge != "" {
		if err := isPort(l.HostLink, n.Bridge); err != nil {
			return err
		}
	}
	return nil
}

// checkInside looks at the interface itself. Of a CNI runtime's pod the plugins behind
// Pouch in the chain may have changed the MAC address.
func checkInside(x Member) error {
	l := &x.Lease
	return netdev.Within(l.Netns, func() error {
		i, err := net.InterfaceByName(l.Iface)
		if err != nil {
			return errs.New(errs.NotFound, "interface %s: %w", l.Iface, err)
		}
		addrs, err := i.Addrs()
		if err != nil {
			return err
		}
		for _, want := range []string{x.Joined.IPv4, x.Joined.IPv6} {
			if want != "" && !slices.ContainsFunc(addrs, func(a net.Addr) bool { return a.String() == want }) {
				return errs.New(errs.NotFound, "interface %s has no address %s", l.Iface, want)
			}
		}
		switch {
		case l.CNI == "" && l.MAC != "" && i.HardwareAddr.String() != l.MAC:
			return errs.New(errs.NotFound, "interface %s has the MAC address %s, not %s", l.Iface, i.HardwareAddr, l.MAC)
		case i.Flags&net.FlagUp == 0:
			return errs.New(errs.NotFound, "interface %s is down", l.Iface)
		}
		return nil
	})
}

// isPort looks whether a link is a port of a bridge.
func isPort(name, bridge string) error {
	b, err := netdev.FindLink(bridge)
	if err != nil {
		return err
	}
	l, err := netdev.FindLink(name)
	if err == nil && l.Master != b.Index {
		err = errs.New(errs.NotFound, "link %s is no port of the bridge %s", name, bridge)
	}
	return err
}

// checkRates looks for what bounds a lease's interface.
func (m *Manager) checkRates(l *record.Lease) error {
	if l.HostLink == "" || isForeign(l.Driver) {
		return nil
	}
	in, out, err := netdev.Keeps(netdev.Limited{
		Host: l.HostLink, Table: m.limitTable(l.HostLink), In: netdev.Rate(l.Ingress), Out: netdev.Rate(l.Egress),
	})
	switch {
	case err != nil:
		return err
	case !in:
		return errs.New(errs.NotFound, "nothing keeps the rate into %s (link %s)", l.Iface, l.HostLink)
	case !out:
		return errs.New(errs.NotFound, "nothing keeps the rate out of %s (nftables table netdev %s)", l.Iface, m.limitTable(l.HostLink))
	}
	return nil
}

// checkPorts looks for the rules that lead to what is published on a lease.
func (m *Manager) checkPorts(n *record.Network, l *record.Lease) error {
	if !m.translates(n.Name) {
		return nil
	}
	for _, p := range l.Ports {
		if a, err := netip.ParseAddr(p.HostIP); err == nil && a.IsLoopback() {
			continue // served by the socket alone
		}
		ok, err := netdev.LeadsTo(m.Table(), p.Protocol, p.HostPort)
		if err == nil && !ok {
			err = errs.New(errs.NotFound, "no rule leads to port %d/%s (nftables table inet %s)", p.HostPort, p.Protocol, m.Table())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkCNI asks the plugins that made a lease's interface whether it is as they made
// it. Kind unsupported for a chain that cannot tell.
func (m *Manager) checkCNI(ctx context.Context, l record.Lease) error {
	e, err := m.s.Endpoint(key(l.Container, l.Netns, l.NetnsInode), l.Iface)
	if err != nil {
		return err
	}
	_, err = m.foreign(ctx, ForeignCall{Op: ForeignCheck, Driver: e.Driver, Endpoint: e})
	return err
}
