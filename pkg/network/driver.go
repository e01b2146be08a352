package network

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// driver is what differs from one kind of network to another. The Manager keeps
// what is common: records, leases, names, published ports, rules, events.
type driver interface {
	// check refuses what the driver cannot do of what is asked of a new network.
	// Kinds invalid and unsupported.
	check(o CreateOpts) error

	// traits are what is common to all networks of the driver.
	traits() traits

	// plan completes the record of a new network beyond its subnets. It is called
	// with the lock of all networks.
	plan(m *Manager, o CreateOpts, n *record.Network) error

	// links are the names of the host's links that belong to the network alone,
	// where they have this pouch's alias.
	links(m *Manager, n *record.Network) []string

	// ready reports whether all that ensure makes is there. It is asked at every
	// join, so it is cheap, and changes nothing.
	ready(m *Manager, n *record.Network) (bool, error)

	// ensure makes what the network needs on the host. Idempotent; called with the
	// network's lock.
	ensure(ctx context.Context, m *Manager, n *record.Network) error

	// remove undoes ensure. Idempotent; called with the network's lock.
	remove(ctx context.Context, m *Manager, n *record.Network) error

	// plug makes the lease's interface in its namespace, with all that p says. The
	// lease is durable before. A failure leaves nothing that unplug does not find.
	plug(ctx context.Context, m *Manager, n *record.Network, l *record.Lease, p plug) error

	// unplug undoes plug. Idempotent. The lease alone is enough: n is nil when the
	// network's record is gone, and the namespace may be gone too. It is called
	// once an address of the interface.
	unplug(ctx context.Context, m *Manager, n *record.Network, l *record.Lease) error

	// rules are what the packet rules say of the network; ok is false for a driver
	// that has none, whose published ports are then none of the rules' either.
	rules(n *record.Network) (r netdev.NetworkRules, ok bool, err error)
}

// traits of a driver's networks.
type traits struct {
	routed    bool // the host has routes to the subnets: they overlap nothing that it has routes to
	hostEnd   bool // an interface has another end on the host: the lease's HostLink
	ownMAC    bool // an interface has a MAC address of its own
	options   bool // the driver itself understands options of members
	published bool // ports of a member can be published on the host
}

// plug is what an interface gets beside what its lease tells.
type plug struct {
	addrs    []netip.Prefix
	gateways []netip.Addr // of the default routes; none for a network without a way out
}

// driverOf returns the driver that a record or a lease names; "" is the bridge's.
func driverOf(name string) (driver, error) {
	switch name {
	case "", Driver:
		return bridgeDriver{}, nil
	case "macvlan":
		return macvlanDriver{sublinkDriver{name}}, nil
	case "ipvlan":
		return sublinkDriver{name}, nil
	case "vxlan":
		return vxlanDriver{}, nil
	case cniDriverName:
		return cniDriver{}, nil
	case "overlay":
		return nil, errs.New(errs.Unsupported, "network driver overlay: it needs a swarm: name the hosts by hand with -d vxlan -o vni=N -o peers=ADDRESS,…")
	}
	if _, err := parse.Name("network driver", name); err != nil {
		return nil, err
	}
	return remoteDriver{name}, nil
}

// known is the network that a folder of leases belongs to. Kind not_found when
// there is none.
func (m *Manager) known(name string) (*record.Network, error) {
	if strings.HasPrefix(name, cniPrefix) {
		return m.cniNetwork(name)
	}
	return m.s.Network(name)
}

// rulesOf is driver.rules of the network's driver.
func rulesOf(n *record.Network) (r netdev.NetworkRules, ok bool, err error) {
	d, err := driverOf(n.Driver)
	if err != nil {
		return r, false, err
	}
	return d.rules(n)
}

// unplug takes the interface of a lease away.
func (m *Manager) unplug(ctx context.Context, network string, l *record.Lease) error {
	d, err := driverOf(l.Driver)
	if err != nil {
		return err
	}
	n, err := m.known(network)
	if err != nil {
		n = nil // the lease is enough
	}
	return errors.Join(d.unplug(ctx, m, n, l), m.unlimit(l))
}
