package network

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/netip"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/events"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// CreateOpts say what network is wanted. Gateways and Ranges belong to the
// subnet that contains them.
type CreateOpts struct {
	Name     string
	Driver   string // "" or bridge
	Subnets  []string
	Gateways []string
	Ranges   []string
	Reserved map[string]string // addresses that no member gets, by a name
	Routes   []string          // that members get: DESTINATION,GATEWAY[,METRIC]
	Internal bool
	IPv6     bool
	NoIPv4   bool
	DNS      []string // servers of names for members that name none
	NoNames  bool     // members do not find each other by name
	Options  map[string]string
	Labels   record.Labels

	IPAM        string            // the plugin of docker's that gives the addresses; empty: Pouch does
	IPAMOptions map[string]string // the plugin's

	id   string       // of the network
	ipam *record.IPAM // the plugin, once it was asked
}

// Create makes a network: its record, bridge and rules. Without a subnet it
// takes the first free /24, with IPv6 also a unique local /64. A name or a
// subnet that is taken gives kind conflict.
func (m *Manager) Create(ctx context.Context, o CreateOpts) (*record.Network, error) {
	if err := checkName(o.Name); err != nil {
		return nil, err
	}
	return m.create(ctx, o)
}

func (m *Manager) create(ctx context.Context, o CreateOpts) (*record.Network, error) {
	d, err := driverOf(o.Driver)
	if err != nil {
		return nil, err
	}
	o.Options = canonicalOptions(o.Options)
	if err := checkRouting(o); err != nil {
		return nil, err
	}
	if err := errors.Join(checkIPAM(o), d.check(o)); err != nil {
		return nil, err
	}
	lock, err := m.s.Lock(ctx, "networks", "")
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	o.id = newID()
	o, pools, err := m.askPools(ctx, o)
	if err != nil {
		return nil, err
	}
	n, err := m.plan(d, o)
	if err == nil {
		setPools(n, o, pools)
		err = m.s.CreateNetwork(n)
	}
	if err != nil {
		return nil, errors.Join(err, m.undoPools(context.WithoutCancel(ctx), o.id))
	}
	if err := m.ensure(ctx, n); err != nil {
		return nil, errors.Join(err, m.destroy(ctx, n))
	}
	if pools != nil {
		if err := m.madeEndpoint(pools); err != nil {
			return nil, errors.Join(err, m.destroy(ctx, n))
		}
	}
	events.Emit(m.s, events.OfNetwork(n, "create", ""))
	return n, nil
}

func newID() string {
	id := make([]byte, 32)
	rand.Read(id)
	return hex.EncodeToString(id)
}

// plan is the record of a new network. It is called with the lock of all networks.
func (m *Manager) plan(d driver, o CreateOpts) (*record.Network, error) {
	n := &record.Network{
		ID: cmp.Or(o.id, newID()), Name: o.Name, Driver: cmp.Or(o.Driver, Driver), Created: time.Now().UTC(),
		Internal: o.Internal, IPv6: o.IPv6, NoIPv4: o.NoIPv4, DNS: o.DNS, NoNames: o.NoNames,
		Options: o.Options, Labels: o.Labels,
	}
	nets, routes, err := m.used()
	if err != nil {
		return nil, err
	}
	if !d.traits().routed {
		routes = nil
	}
	subs, err := wanted(o, nets, routes)
	if err != nil {
		return nil, err
	}
	if subs, err = complete(o, n.ID, subs, append(nets, routes...)); err != nil {
		return nil, err
	}
	if n.Subnets, err = details(o, subs); err != nil {
		return nil, err
	}
	if n.Routes, err = staticRoutes(o.Routes, subs); err != nil {
		return nil, err
	}
	return n, d.plan(m, o, n)
}

// used returns the subnets of the networks, and the routes of the host.
func (m *Manager) used() (nets, routes []netip.Prefix, err error) {
	all, err := m.List()
	if err != nil && !errs.Is(err, errs.Corrupt) {
		return nil, nil, err // a record of a newer pouch hides a subnet
	}
	// A damaged network can only be removed; until then its link is in its way,
	// and in the routes.
	for _, n := range all {
		subs, err := subnets(n)
		if err != nil {
			return nil, nil, err
		}
		for _, s := range subs {
			nets = append(nets, s.prefix)
		}
	}
	routes, err = netdev.Routes()
	return nets, routes, err
}

// wanted checks the subnets that were asked for. A route of the host that is
// wider than the subnet does not stand in the way: who names a subnet may take
// a part of what a VPN routes.
func wanted(o CreateOpts, nets, routes []netip.Prefix) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range o.Subnets {
		p, err := netip.ParsePrefix(s)
		if err != nil || p.Addr().Is4In6() || p.Bits() < 4 {
			return nil, errs.New(errs.Invalid, "--subnet %s: not a subnet in CIDR form", s)
		}
		p = p.Masked()
		if p.Addr().Is4() && p.Bits() > 30 || p.Bits() > 126 {
			return nil, errs.New(errs.Invalid, "--subnet %s: too small for a gateway and a container", s)
		}
		if x := overlapping(p, append(nets, out...)); x != nil {
			return nil, errs.New(errs.Conflict, "subnet %s: overlaps %s of another network", p, x)
		}
		for _, r := range routes {
			if r.Bits() >= p.Bits() && r.Overlaps(p) {
				return nil, errs.New(errs.Conflict, "subnet %s: overlaps the route to %s of this host", p, r)
			}
		}
		out = append(out, p)
	}
	return out, nil
}

// complete adds the subnets that were not named.
func complete(o CreateOpts, id string, subs, used []netip.Prefix) ([]netip.Prefix, error) {
	has4, has6 := false, false
	for _, p := range subs {
		has4, has6 = has4 || p.Addr().Is4(), has6 || p.Addr().Is6()
	}
	switch {
	case has6 && !o.IPv6:
		return nil, errs.New(errs.Invalid, "network %s: an IPv6 subnet needs --ipv6", o.Name)
	case has4 && o.NoIPv4:
		return nil, errs.New(errs.Invalid, "network %s: an IPv4 subnet does not go with --ipv4=false", o.Name)
	case o.NoIPv4 && !o.IPv6:
		return nil, errs.New(errs.Invalid, "network %s: --ipv4=false needs --ipv6", o.Name)
	}
	if !has4 && !o.NoIPv4 {
		p, err := freeSubnet4(used)
		if err != nil {
			return nil, err
		}
		subs = append(subs, p)
	}
	if o.IPv6 && !has6 {
		p, err := freeSubnet6(id, used)
		if err != nil {
			return nil, err
		}
		subs = append(subs, p)
	}
	return subs, nil
}

// details gives every subnet its gateway and range.
func details(o CreateOpts, subs []netip.Prefix) ([]record.Subnet, error) {
	out := make([]record.Subnet, len(subs))
	for i, p := range subs {
		out[i] = record.Subnet{Subnet: p.String(), Gateway: firstUsable(p).String()}
	}
	for _, g := range o.Gateways {
		a, err := netip.ParseAddr(g)
		i := containing(subs, a)
		if err != nil || i < 0 || a == subs[i].Addr() || (a.Is4() && a == last(subs[i])) {
			return nil, errs.New(errs.Invalid, "--gateway %s: not an address for a host of one of the subnets", g)
		}
		out[i].Gateway = a.String()
	}
	for _, r := range o.Ranges {
		p, err := netip.ParsePrefix(r)
		i := containing(subs, p.Addr())
		if err != nil || i < 0 || p.Bits() < subs[i].Bits() {
			return nil, errs.New(errs.Invalid, "--ip-range %s: not a part of one of the subnets", r)
		}
		out[i].Range = p.Masked().String()
	}
	return out, setAside(o.Reserved, subs, out)
}

// setAside adds the addresses that no member is to get.
func setAside(reserved map[string]string, subs []netip.Prefix, out []record.Subnet) error {
	for name, s := range reserved {
		a, err := netip.ParseAddr(s)
		i := containing(subs, a)
		if err != nil || i < 0 {
			return errs.New(errs.Invalid, "--aux-address %s=%s: not an address of one of the subnets", name, s)
		}
		if out[i].Reserved == nil {
			out[i].Reserved = map[string]string{}
		}
		out[i].Reserved[name] = a.String()
	}
	return nil
}

func containing(subs []netip.Prefix, a netip.Addr) int {
	for i, p := range subs {
		if p.Contains(a) {
			return i
		}
	}
	return -1
}
