package network

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// poolsIface stands in the place of an interface in the record that says which pools
// a plugin has given for a network; no link is called so.
const poolsIface = ":pools"

// checkIPAM checks who is to give the addresses of a new network.
func checkIPAM(o CreateOpts) error {
	switch o.IPAM {
	case "":
		if len(o.IPAMOptions) > 0 {
			return errs.New(errs.Invalid, "--ipam-opt: Pouch itself gives the addresses, and has no such options: name a plugin with --ipam-driver")
		}
		return nil
	case "dhcp":
		return errs.New(errs.Unsupported, "--ipam-driver dhcp: Pouch asks no DHCP server: name a part of the network that the server does not use with --ip-range")
	case "none", "null":
		return errs.New(errs.Unsupported, "--ipam-driver %s: a network without addresses is not there: pouch-run --network none", o.IPAM)
	}
	_, err := parse.Name("IPAM driver", o.IPAM)
	return err
}

// askPools has the plugin of a new network give its pools, and returns what is wanted
// with their subnets and gateways. The intent is durable before. Without a plugin it
// does nothing.
func (m *Manager) askPools(ctx context.Context, o CreateOpts) (CreateOpts, *record.Endpoint, error) {
	if o.IPAM == "" {
		return o, nil, nil
	}
	if _, err := m.s.Network(o.Name); err == nil { // before anybody is asked
		return o, nil, errs.New(errs.Conflict, "network with name %s already exists", o.Name)
	}
	e := &record.Endpoint{ID: o.id, Iface: poolsIface, Driver: o.IPAM, Network: o.Name, NetworkID: o.id, Options: o.IPAMOptions}
	var err error
	if e.Pools, err = wantedPools(o); err != nil {
		return o, nil, err
	}
	if e.Owner, err = proc.Self(); err != nil {
		return o, nil, err
	}
	if err := m.s.SetEndpoint(e); err != nil {
		return o, nil, err
	}
	a, err := m.foreign(ctx, ForeignCall{Op: ForeignPools, Driver: e.Driver, Endpoint: e})
	if err != nil {
		return o, nil, errors.Join(noPlugin(err, o.IPAM), m.s.RemoveEndpoint(e.ID, e.Iface))
	}
	e.Pools = a.Pools
	o.ipam = &record.IPAM{Driver: o.IPAM, Options: o.IPAMOptions, Space: a.Space, MAC: a.WantsMAC}
	o.Subnets, o.Gateways = nil, nil
	for _, p := range e.Pools {
		o.Subnets, o.Gateways = append(o.Subnets, p.Subnet), append(o.Gateways, p.Gateway)
	}
	return o, e, m.s.SetEndpoint(e)
}

// noPlugin says which plugin there is none of.
func noPlugin(err error, name string) error {
	if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Invalid) {
		return errs.New(errs.Unsupported, "IPAM driver %q: not known: use default, or the name of a plugin in /run/docker/plugins", name)
	}
	return err
}

// wantedPools is what a plugin is asked for: the subnets that are named, and one of
// each family of which none is.
func wantedPools(o CreateOpts) ([]record.Pool, error) {
	var out []record.Pool
	var has4, has6 bool
	for _, s := range o.Subnets {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, errs.New(errs.Invalid, "--subnet %s: not a subnet in CIDR form", s)
		}
		has4, has6 = has4 || p.Addr().Is4(), has6 || p.Addr().Is6()
		out = append(out, record.Pool{Subnet: p.Masked().String(), IPv6: p.Addr().Is6()})
	}
	if !has4 && !o.NoIPv4 {
		out = append(out, record.Pool{})
	}
	if !has6 && o.IPv6 {
		out = append(out, record.Pool{IPv6: true})
	}
	fillPools(out, o)
	return out, nil
}

// fillPools gives each pool what is said of its addresses.
func fillPools(pools []record.Pool, o CreateOpts) {
	for _, g := range o.Gateways {
		if p := poolFor(pools, g); p != nil {
			p.Gateway = g
		}
	}
	for _, r := range o.Ranges {
		if x, err := netip.ParsePrefix(r); err == nil {
			if p := poolFor(pools, x.Addr().String()); p != nil {
				p.Range = r
			}
		}
	}
	for name, a := range o.Reserved {
		if p := poolFor(pools, a); p != nil {
			if p.Reserved == nil {
				p.Reserved = map[string]string{}
			}
			p.Reserved[name] = a
		}
	}
}

// poolFor is the pool that an address is of: of its family, and in its subnet where
// one is named.
func poolFor(pools []record.Pool, address string) *record.Pool {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return nil // told where all of them are checked
	}
	for i := range pools {
		p, err := netip.ParsePrefix(pools[i].Subnet)
		if pools[i].IPv6 == a.Is6() && (err != nil || p.Contains(a)) {
			return &pools[i]
		}
	}
	return nil
}

// setPools notes in the record of a new network which pool of the plugin's is which
// subnet.
func setPools(n *record.Network, o CreateOpts, e *record.Endpoint) {
	if e == nil {
		return
	}
	n.IPAM = o.ipam
	for i := range n.Subnets {
		for _, p := range e.Pools {
			if p.Subnet == n.Subnets[i].Subnet {
				n.Subnets[i].Pool = p.ID
			}
		}
	}
}

// undoPools has the plugin take the pools of a network back. Idempotent.
func (m *Manager) undoPools(ctx context.Context, id string) error {
	e, err := m.s.Endpoint(id, poolsIface)
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return m.giveGivenBack(ctx, ForeignUnpools, e)
}

// giveGivenBack has a plugin take back what it gave. A plugin that is not reached is
// asked again by gc. One that says no is taken at its word: to it, what it gave is
// gone.
func (m *Manager) giveGivenBack(ctx context.Context, op string, e *record.Endpoint) error {
	var err error
	for _, p := range e.Pools {
		if len(p.Addresses) > 0 || op == ForeignUnpools && p.ID != "" {
			_, err = m.foreign(ctx, ForeignCall{Op: op, Driver: e.Driver, Endpoint: e})
			break
		}
	}
	if errs.Is(err, errs.Unavailable) || errs.Is(err, errs.NotFound) {
		e.Error = err.Error()
		return errors.Join(err, m.s.SetEndpoint(e))
	}
	if err != nil {
		slog.Warn("an IPAM plugin does not take back what it gave", "network", e.Network, "error", err)
	}
	return m.s.RemoveEndpoint(e.ID, e.Iface)
}
