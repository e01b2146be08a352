package network

import (
	"context"
	"errors"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/events"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// AttachOpts say who joins which network and how.
type AttachOpts struct {
	Container string        // id; empty for a namespace that is no container's
	CNI       string        // CNI_CONTAINERID, for the namespace of a CNI runtime's pod
	CNIConf   string        // name of the configuration by which that runtime asks
	Netns     string        // path of the network namespace
	Join      record.Join   // the network, and what is asked of it
	Iface     string        // ethN; empty: the first free one
	Names     []string      // by which other members find it, beside Join.Aliases
	Ports     []record.Port // published on this interface, with the host ports in force

	late bool // others may be there already
}

// Attach joins a network namespace to a network: address, link, routes,
// published ports, and its names for the other members. Kinds: not_found for
// the network or the namespace, invalid and conflict for an address, name or
// port that it can't have, unavailable when all addresses are taken. A failure
// leaves nothing; killed, the lease tells what is to be undone.
func (m *Manager) Attach(ctx context.Context, o AttachOpts) (record.Joined, error) {
	n, l, err := m.prepare(ctx, &o)
	if err != nil {
		return record.Joined{}, err
	}
	j, err := m.join(ctx, n, l, o)
	if err == nil {
		err = m.refreshHosts(ctx, n.Name)
	}
	if err != nil {
		undo := context.WithoutCancel(ctx)
		return record.Joined{}, errors.Join(err, m.free(undo, n.Name, sameIface(l), func(*record.Lease) {}))
	}
	m.needResolver(ctx, n)
	events.Emit(m.s, events.OfNetwork(n, "connect", o.Container))
	return j, nil
}

func sameIface(l *record.Lease) func(*record.Lease) bool {
	return func(x *record.Lease) bool {
		return x.Netns == l.Netns && x.NetnsInode == l.NetnsInode && x.Iface == l.Iface
	}
}

// prepare checks what is asked, makes the network ready and writes the lease
// without the address.
func (m *Manager) prepare(ctx context.Context, o *AttachOpts) (*record.Network, *record.Lease, error) {
	n, err := m.get(ctx, o.Join.Network)
	if err != nil {
		return nil, nil, err
	}
	names, err := checkJoin(n, o)
	if err != nil {
		return nil, nil, err
	}
	d, err := driverOf(n.Driver)
	if err != nil {
		return nil, nil, err
	}
	inode, err := netdev.NetnsInode(o.Netns)
	if err != nil {
		return nil, nil, err
	}
	if own, err := netdev.NetnsInode("/proc/thread-self/ns/net"); err == nil && own == inode {
		return nil, nil, errs.New(errs.Invalid, "%s is the network namespace of the host itself: it reaches its networks without joining them", o.Netns)
	}
	o.late = o.Iface == ""
	if o.Join.Interface != "" {
		o.Iface = o.Join.Interface
	}
	if o.Iface == "" {
		if o.Iface, err = m.freeIface(n, o.Netns, inode); err != nil {
			return nil, nil, err
		}
	}
	self, err := proc.Self()
	if err != nil {
		return nil, nil, err
	}
	l := &record.Lease{
		Driver: n.Driver, Container: o.Container, CNI: o.CNI, CNINetwork: o.CNIConf, Netns: o.Netns, NetnsInode: inode, Owner: self,
		Names: names, Iface: o.Iface, MAC: o.Join.MAC, Ports: o.Ports, Priority: o.Join.Priority,
	}
	l.Ingress, l.Egress = bounds(n, o.Join)
	if err := m.portsFree(l); err != nil {
		return nil, nil, err
	}
	l.HostLink = hostLink(d, key(o.Container, o.Netns, inode), o.Iface)
	if err := m.vacate(n, l); err != nil {
		return nil, nil, err
	}
	return n, l, m.ready(ctx, n)
}

// checkJoin checks what is asked of network n and returns all the names.
func checkJoin(n *record.Network, o *AttachOpts) ([]string, error) {
	d, err := driverOf(n.Driver)
	if err != nil {
		return nil, err
	}
	t := d.traits()
	switch {
	case n.Internal && len(o.Ports) > 0:
		return nil, errs.New(errs.Invalid, "publish ports: network %s is internal: nothing outside reaches it", n.Name)
	case !t.published && len(o.Ports) > 0:
		return nil, errs.New(errs.Invalid, "publish ports: the members of network %s (%s) have addresses outside of this host: they are reached there, without published ports", n.Name, n.Driver)
	case !t.ownMAC && o.Join.MAC != "":
		return nil, errs.New(errs.Invalid, "MAC address %s: the members of network %s (%s) have their parent's", o.Join.MAC, n.Name, n.Driver)
	}
	if err := errors.Join(checkEndpoint(n, t, &o.Join), checkIface(o.Iface)); err != nil {
		return nil, err
	}
	return checkNames(append(slices.Clone(o.Names), o.Join.Aliases...))
}

// checkNames drops repetitions and refuses what is no name: it would come into
// other containers' hosts files.
func checkNames(names []string) ([]string, error) {
	var out []string
	for _, s := range names {
		if s == "" || slices.Contains(out, s) {
			continue
		}
		if _, err := parse.Name("network alias", s); err != nil && len(s) > 1 {
			return nil, err
		}
		if len(s) == 1 && !(s[0] >= '0' && s[0] <= '9' || s[0] >= 'a' && s[0] <= 'z' || s[0] >= 'A' && s[0] <= 'Z') {
			return nil, errs.New(errs.Invalid, "network alias %q: not a name", s)
		}
		out = append(out, s)
	}
	return out, nil
}

func (m *Manager) join(ctx context.Context, n *record.Network, l *record.Lease, o AttachOpts) (record.Joined, error) {
	if n.Driver == cniDriverName {
		return m.joinCNI(ctx, n, l, o)
	}
	subs, err := subnets(n)
	if err != nil {
		return record.Joined{}, err
	}
	d, err := driverOf(n.Driver)
	if err != nil {
		return record.Joined{}, err
	}
	defaultRoute, metric, err := routing(n.Options)
	if err != nil {
		return record.Joined{}, err
	}
	var p plug
	var gateways []netip.Addr
	j := newJoined(n, l)
	var got []member
	addrs, err := m.addresses(ctx, n, subs, l, o.Join)
	if err != nil {
		return j, err
	}
	for i, s := range subs {
		a := addrs[i]
		got = append(got, member{n.Name, a, l})
		setAddress(&j, n, a)
		p.addrs = append(p.addrs, netip.PrefixFrom(a, s.prefix.Bits()))
		if s.gateway.IsValid() && !n.Internal && defaultRoute {
			gateways = append(gateways, s.gateway)
		}
	}
	if metric == 0 {
		p.gateways = gateways
	}
	further, err := linkLocals(o.Join)
	if err != nil {
		return j, err
	}
	p.addrs = append(p.addrs, further...)
	j.MAC = l.MAC
	if err := d.plug(ctx, m, n, l, p); err != nil {
		if errors.Is(err, unix.EEXIST) {
			err = errs.New(errs.Conflict, "interface %s: the network namespace %s has one of that name", l.Iface, l.Netns)
		}
		return j, err
	}
	if err := m.tune(n, l, o, gateways); err != nil {
		return j, err
	}
	return j, m.publish(ctx, got)
}

// addresses leases one of each subnet for the interface of l.
func (m *Manager) addresses(ctx context.Context, n *record.Network, subs []subnet, l *record.Lease, j record.Join) ([]netip.Addr, error) {
	if n.IPAM != nil {
		return m.lend(ctx, n, subs, l, j)
	}
	var out []netip.Addr
	for _, s := range subs {
		a, err := m.take(ctx, n, s, l, asked(j, s))
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// asked is the address in subnet s that the caller names; empty: any.
func asked(j record.Join, s subnet) string {
	if s.prefix.Addr().Is6() {
		return j.IPv6
	}
	return j.IPv4
}

// vacate removes a link that a killed command left under the lease's name. One
// by which the namespace is in another network gives kind conflict.
func (m *Manager) vacate(n *record.Network, l *record.Lease) error {
	if l.HostLink == "" {
		return m.vacateInside(n, l)
	}
	if _, err := netdev.FindLink(l.HostLink); err != nil {
		if errs.Is(err, errs.NotFound) {
			return nil
		}
		return err
	}
	js, err := m.joined(func(x *record.Lease) bool { return x.HostLink == l.HostLink })
	if err != nil {
		return err
	}
	for _, j := range js {
		if j.ID != n.ID {
			return errs.New(errs.Conflict, "interface %s: it is in network %s", l.Iface, j.Network)
		}
	}
	return netdev.DeleteLink(l.HostLink)
}

// publish writes the rules of published ports; without ports it costs nothing.
func (m *Manager) publish(ctx context.Context, got []member) error {
	if len(got) == 0 || len(got[0].lease.Ports) == 0 {
		return nil
	}
	if err := m.render(ctx); err != nil {
		return err
	}
	return forgetUDP(got)
}
