package network

import (
	"net/netip"
	"sort"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// member is a lease with where it lies: one address of an interface.
type member struct {
	network string
	addr    netip.Addr
	lease   *record.Lease
}

// members are the leases of a network whose holders are there, by address.
func (m *Manager) members(network string) ([]member, error) {
	var out []member
	err := m.eachLease(network, func(a netip.Addr, l *record.Lease) error {
		if m.holds(l) && !isEnding(l) {
			out = append(out, member{network, a, l})
		}
		return nil
	})
	sort.Slice(out, func(i, j int) bool { return out[i].addr.Less(out[j].addr) })
	return out, err
}

// everyone are the members of every network.
func (m *Manager) everyone() ([]member, error) {
	nets, err := m.s.LeaseNetworks()
	if err != nil {
		return nil, err
	}
	var out []member
	for _, n := range nets {
		ms, err := m.members(n)
		if err != nil {
			return nil, err
		}
		out = append(out, ms...)
	}
	return out, nil
}

// Members returns who is in a network now, one Joined an interface, and the
// leases that tell whose it is.
func (m *Manager) Members(network string) ([]Member, error) {
	n, err := m.Inspect(network)
	if err != nil {
		return nil, err
	}
	ms, err := m.members(n.Name)
	if err != nil {
		return nil, err
	}
	byIface := map[string]*Member{}
	var order []string
	for _, e := range ms {
		key := e.lease.Netns + " " + e.lease.Iface
		if byIface[key] == nil {
			byIface[key] = &Member{Lease: *e.lease, Joined: newJoined(n, e.lease)}
			order = append(order, key)
		}
		setAddress(&byIface[key].Joined, n, e.addr)
		setGiven(&byIface[key].Joined, e.addr, e.lease)
	}
	out := make([]Member, 0, len(order))
	for _, key := range order {
		out = append(out, *byIface[key])
	}
	return out, nil
}

// Member is an interface in a network.
type Member struct {
	Lease  record.Lease
	Joined record.Joined
}

func (m *Manager) joined(whose func(*record.Lease) bool) ([]record.Joined, error) {
	all, err := m.everyone()
	if err != nil {
		return nil, err
	}
	var own []member
	for _, e := range all {
		if whose(e.lease) {
			own = append(own, e)
		}
	}
	return m.interfaces(own)
}

// interfaces puts the addresses of one holder together, by interface.
func (m *Manager) interfaces(own []member) ([]record.Joined, error) {
	var out []record.Joined
	at := map[string]int{}
	for _, e := range own {
		n, err := m.known(e.network)
		if errs.Is(err, errs.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		i, ok := at[e.lease.Iface]
		if !ok {
			i = len(out)
			at[e.lease.Iface] = i
			out = append(out, newJoined(n, e.lease))
		}
		setAddress(&out[i], n, e.addr)
		setGiven(&out[i], e.addr, e.lease)
	}
	sort.Slice(out, func(i, j int) bool { return beforeIface(out[i].Iface, out[j].Iface) })
	return out, nil
}

func newJoined(n *record.Network, l *record.Lease) record.Joined {
	j := record.Joined{Network: n.Name, ID: n.ID, Iface: l.Iface, HostLink: l.HostLink, MAC: l.MAC, Aliases: l.Names}
	switch at, has := resolverOf(n); {
	case len(n.DNS) > 0:
		j.DNS = &record.DNS{Nameservers: n.DNS}
	case has:
		j.DNS = &record.DNS{Nameservers: []string{at.String()}, Keep: !n.Internal}
	}
	return j
}

// setAddress fills in an address with its subnet's length and gateway.
func setAddress(j *record.Joined, n *record.Network, a netip.Addr) {
	subs, err := subnets(n)
	if err != nil {
		return
	}
	for _, s := range subs {
		if !s.prefix.Contains(a) {
			continue
		}
		gateway := ""
		if s.gateway.IsValid() && !n.Internal {
			gateway = s.gateway.String()
		}
		if p := netip.PrefixFrom(a, s.prefix.Bits()).String(); a.Is4() {
			j.IPv4, j.Gateway = p, gateway
		} else {
			j.IPv6, j.Gateway6 = p, gateway
		}
	}
}
