package network

import (
	"net/netip"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Preview is what Attach would make.
type Preview struct {
	Network *record.Network `json:"network"`
	Made    bool            `json:"made"` // the network is not there: it would be made
	Joined  record.Joined   `json:"joined"`
	Rules   netdev.Rules    `json:"rules"` // of the packets: the network's, and those of the published ports
}

// Preview tells what Attach would do, and changes nothing. Of the options Netns
// is not looked at, and a host port that is 0 stays 0. The address is the one that the
// container would get now. Errors are as those of Attach.
func (m *Manager) Preview(o AttachOpts) (*Preview, error) {
	n, made, err := m.present(o.Join.Network)
	if err != nil {
		return nil, err
	}
	p := &Preview{Network: n, Made: made}
	names, err := checkJoin(n, &o)
	if err != nil {
		return nil, err
	}
	if o.Join.Interface != "" {
		o.Iface = o.Join.Interface
	}
	l := &record.Lease{Container: o.Container, Netns: o.Netns, Names: names, Iface: o.Iface, MAC: o.Join.MAC, Ports: o.Ports}
	d, err := driverOf(n.Driver)
	if err != nil {
		return nil, err
	}
	l.HostLink = hostLink(d, key(o.Container, o.Netns, 0), o.Iface)
	rules, filtered, err := d.rules(n)
	if err != nil {
		return nil, err
	}
	if filtered {
		p.Rules.Networks = []netdev.NetworkRules{rules}
	}
	subs, err := subnets(n)
	if err != nil {
		return nil, err
	}
	p.Joined = newJoined(n, l)
	for _, s := range subs {
		if n.IPAM != nil { // nobody knows what a plugin would give
			continue
		}
		a, err := m.wouldTake(n, s, l, asked(o.Join, s))
		if err != nil {
			return nil, err
		}
		if p.Joined.MAC == "" {
			p.Joined.MAC = macFor(n, a, "")
		}
		setAddress(&p.Joined, n, a)
		if filtered {
			p.Rules.Ports = append(p.Rules.Ports, translations(a, l.Ports, rules)...)
		}
	}
	return p, nil
}

// present is the network, or the default one as it would be made.
func (m *Manager) present(target string) (n *record.Network, made bool, err error) {
	n, err = m.Inspect(target)
	if canonical(target) != Default || !errs.Is(err, errs.NotFound) {
		return n, false, err
	}
	n, err = m.plan(bridgeDriver{}, CreateOpts{Name: Default})
	return n, true, err
}

// wouldTake is the address that take would return now.
func (m *Manager) wouldTake(n *record.Network, s subnet, l *record.Lease, address string) (netip.Addr, error) {
	taken := map[netip.Addr]bool{}
	err := m.eachLease(n.Name, func(a netip.Addr, o *record.Lease) error {
		taken[a] = m.dead(o) == "" && (o.Netns != l.Netns || o.Iface != l.Iface)
		return nil
	})
	if err != nil {
		return netip.Addr{}, err
	}
	if address != "" {
		a, err := s.askedFor(n, address)
		if err == nil && taken[a] {
			err = m.addressTaken(n, a)
		}
		return a, err
	}
	for a := range s.candidates(who(l)) {
		if !taken[a] {
			return a, nil
		}
	}
	return netip.Addr{}, full(n, s)
}
