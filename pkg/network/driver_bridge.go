package network

import (
	"context"
	"net/netip"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// bridgeDriver makes a bridge link a network, and joins namespaces to it by
// pairs of links (veth(4)).
type bridgeDriver struct{}

func (bridgeDriver) traits() traits {
	return traits{routed: true, hostEnd: true, ownMAC: true, published: true}
}

func (bridgeDriver) check(o CreateOpts) error {
	if err := checkMTU(o); err != nil {
		return err
	}
	return checkBridge(o)
}

func (bridgeDriver) plan(m *Manager, _ CreateOpts, n *record.Network) error {
	bridgeOptionsOf(n).plan(m, n)
	return nil
}

func (bridgeDriver) links(_ *Manager, n *record.Network) []string { return []string{n.Bridge} }

func (bridgeDriver) ready(m *Manager, n *record.Network) (bool, error) {
	l, err := netdev.FindLink(n.Bridge)
	if errs.Is(err, errs.NotFound) {
		return false, nil
	}
	if err != nil || l.Alias != m.alias(n.ID) {
		return false, err
	}
	return n.Internal || netdev.Forwards(n.IPv6), nil
}

func (d bridgeDriver) ensure(_ context.Context, m *Manager, n *record.Network) error {
	return d.makeBridge(m, n, mtu(n.Options))
}

func (bridgeDriver) makeBridge(m *Manager, n *record.Network, mtu int) error {
	b, err := m.bridgeOf(n)
	if err != nil {
		return err
	}
	b.MTU = mtu
	if err := m.replaceStray(b); err != nil {
		return err
	}
	if _, err := netdev.EnsureBridge(b); err != nil || n.Internal {
		return err
	}
	return netdev.EnableForwarding(n.IPv6)
}

func (bridgeDriver) remove(_ context.Context, m *Manager, n *record.Network) error {
	l, err := netdev.FindLink(n.Bridge)
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil || l.Alias != m.alias(n.ID) {
		return err // not ours
	}
	return netdev.DeleteLink(n.Bridge)
}

func (bridgeDriver) plug(_ context.Context, m *Manager, n *record.Network, l *record.Lease, p plug) error {
	return netdev.AddVeth(netdev.Veth{
		Host: l.HostLink, Alias: m.aliasOf(l), Master: n.Bridge, Hairpin: len(l.Ports) > 0, Isolated: !bridgeOptionsOf(n).icc,
		Netns: l.Netns, Iface: l.Iface, MAC: l.MAC, Addrs: p.addrs, Gateways: p.gateways,
	})
}

// unplug removes the host's end, and with it the other.
func (bridgeDriver) unplug(_ context.Context, _ *Manager, _ *record.Network, l *record.Lease) error {
	link, err := netdev.FindLink(l.HostLink)
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil || link.Type != "veth" {
		return err
	}
	return netdev.DeleteLink(l.HostLink)
}

func (bridgeDriver) rules(n *record.Network) (netdev.NetworkRules, bool, error) {
	subs, err := subnets(n)
	if err != nil {
		return netdev.NetworkRules{}, false, err
	}
	o := bridgeOptionsOf(n)
	r := netdev.NetworkRules{
		Stamp: stamp(n), Bridge: n.Bridge, Internal: n.Internal,
		Masquerade: o.masquerade, Separate: !o.icc, Shared: !o.isolate,
	}
	r.Resolver, _ = resolverOf(n)
	for _, s := range subs {
		r.Subnets = append(r.Subnets, s.prefix)
		switch o.mode(s.prefix) {
		case modeRouted:
			r.Routed = append(r.Routed, s.prefix)
		case modeUnprotected:
			r.Open = append(r.Open, s.prefix)
		}
	}
	return r, true, nil
}

// bridgeOf is the link of a network.
func (m *Manager) bridgeOf(n *record.Network) (netdev.Bridge, error) {
	subs, err := subnets(n)
	if err != nil {
		return netdev.Bridge{}, err
	}
	o := bridgeOptionsOf(n)
	b := netdev.Bridge{Name: n.Bridge, Alias: m.alias(n.ID), VLAN: o.vlan}
	for _, s := range subs {
		if s.gateway.IsValid() && !(o.inhibit4 && s.gateway.Is4()) {
			b.Addrs = append(b.Addrs, netip.PrefixFrom(s.gateway, s.prefix.Bits()))
		}
	}
	return b, nil
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
