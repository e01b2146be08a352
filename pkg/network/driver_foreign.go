package network

import (
	"context"
	"net/netip"
	"slices"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// foreignDriver is what drivers that are not Pouch's own have in common: what they
// make on the host is theirs, and an interface is undone by its endpoint's record,
// before the leases are locked.
type foreignDriver interface{ foreign() }

// cniDriver joins namespaces to what a chain of CNI plugins makes. The networks are
// files of CNI's; Pouch keeps no record of them.
type cniDriver struct{}

func (cniDriver) foreign() {}

func (cniDriver) check(CreateOpts) error {
	return errs.New(errs.Invalid, "a CNI network is a configuration in %s: it is used as --network cni:NAME, and neither created nor removed", confDirs()[0])
}

func (cniDriver) traits() traits { return traits{ownMAC: true, published: true, options: true} }

func (d cniDriver) plan(_ *Manager, o CreateOpts, _ *record.Network) error { return d.check(o) }

func (cniDriver) links(*Manager, *record.Network) []string { return nil }

func (cniDriver) ready(*Manager, *record.Network) (bool, error) { return true, nil }

func (cniDriver) ensure(context.Context, *Manager, *record.Network) error { return nil }

func (cniDriver) remove(context.Context, *Manager, *record.Network) error { return nil }

func (cniDriver) plug(context.Context, *Manager, *record.Network, *record.Lease, plug) error {
	return errs.New(errs.Internal, "CNI: the addresses are the plugins' to give")
}

func (cniDriver) unplug(context.Context, *Manager, *record.Network, *record.Lease) error { return nil }

func (cniDriver) rules(*record.Network) (netdev.NetworkRules, bool, error) {
	return netdev.NetworkRules{}, false, nil
}

// joinCNI has the plugins make the interface, and leases the addresses that they
// gave. The endpoint's record is durable before and undone by on failure.
func (m *Manager) joinCNI(ctx context.Context, n *record.Network, l *record.Lease, o AttachOpts) (record.Joined, error) {
	e, err := cniEndpoint(n, l, o)
	if err != nil {
		return record.Joined{}, err
	}
	m.awaitEnded(ctx, n.Name, func(a netip.Addr) bool { return slices.Contains([]string{o.Join.IPv4, o.Join.IPv6}, a.String()) })
	a, err := m.makeEndpoint(ctx, e)
	if err != nil {
		return record.Joined{}, err
	}
	j, err := m.leaseForeign(ctx, n, l, o, a)
	if err == nil {
		err = m.madeEndpoint(e)
	}
	if err != nil {
		m.endEndpoint(context.WithoutCancel(ctx), e.ID, e.Iface)
	}
	return j, err
}

func (m *Manager) leaseForeign(ctx context.Context, n *record.Network, l *record.Lease, o AttachOpts, a *ForeignAnswer) (record.Joined, error) {
	l.MAC, l.HostLink = a.MAC, a.HostLink
	j := newJoined(n, l)
	j.DNS = a.DNS
	if err := given(n, o.Join, a); err != nil {
		return j, err
	}
	if err := m.s.MakeLeases(n.Name); err != nil {
		return j, err
	}
	for _, x := range a.Addresses {
		of := *l
		of.Bits = x.Prefix.Bits()
		if x.Gateway.IsValid() {
			of.Gateway = x.Gateway.String()
		}
		if err := m.leaseGiven(ctx, n, x.Prefix.Addr(), &of); err != nil {
			return j, err
		}
		setGiven(&j, x.Prefix.Addr(), &of)
	}
	return j, nil
}

// leaseGiven takes an address that a driver gave. A lease of it whose holder is
// gone is out of date.
func (m *Manager) leaseGiven(ctx context.Context, n *record.Network, a netip.Addr, l *record.Lease) error {
	ok, err := m.claimAs(ctx, n, a, l)
	if err == nil && !ok {
		if _, err = m.reap(ctx, n.Name); err == nil {
			if err = m.s.MakeLeases(n.Name); err == nil {
				ok, err = m.claimAs(ctx, n, a, l)
			}
		}
	}
	if err == nil && !ok {
		err = m.addressTaken(n, a)
	}
	return err
}

// given checks that the plugins gave what was asked for: those that do not know
// the question leave it.
func given(n *record.Network, j record.Join, a *ForeignAnswer) error {
	for _, want := range []string{j.IPv4, j.IPv6} {
		if want == "" {
			continue
		}
		w, err := netip.ParseAddr(want)
		if err != nil || !slices.ContainsFunc(a.Addresses, func(x ForeignAddress) bool { return x.Prefix.Addr() == w }) {
			return errs.New(errs.Unsupported, "network %s: its plugins did not give the address %s that was asked for", n.Name, want)
		}
	}
	if j.MAC != "" && a.MAC != "" && a.MAC != j.MAC {
		return errs.New(errs.Unsupported, "network %s: its plugins did not give the MAC address %s that was asked for", n.Name, j.MAC)
	}
	return nil
}

// setGiven fills in an address that a foreign driver gave, which its lease tells.
func setGiven(j *record.Joined, a netip.Addr, l *record.Lease) {
	if l.Bits == 0 {
		return
	}
	if p := netip.PrefixFrom(a, l.Bits).String(); a.Is4() {
		j.IPv4, j.Gateway = p, l.Gateway
	} else {
		j.IPv6, j.Gateway6 = p, l.Gateway
	}
}

// cniEndpoint is what the plugins are asked for. Capabilities are those of the
// conventions of CNI; libcni hands a plugin those that its configuration names.
func cniEndpoint(n *record.Network, l *record.Lease, o AttachOpts) (*record.Endpoint, error) {
	c, err := readConf(n.Options["conf"])
	if err != nil {
		return nil, err
	}
	e := newEndpoint(n, l)
	e.Config, e.PluginDirs, e.Capabilities = c.list, pluginDirs(), map[string]any{}
	if maps := portMappings(l.Ports); len(maps) > 0 {
		e.Capabilities["portMappings"] = maps
	}
	var ips []string
	for _, a := range []string{o.Join.IPv4, o.Join.IPv6} {
		if a != "" {
			ips = append(ips, a)
		}
	}
	arg := func(capability, name, value string) {
		if value != "" && !c.can(capability) { // older plugins read them so
			e.Args = append(e.Args, [2]string{name, value})
		}
	}
	if len(ips) > 0 {
		e.Capabilities["ips"] = ips
		arg("ips", "IP", ips[0])
	}
	if o.Join.MAC != "" {
		e.Capabilities["mac"] = o.Join.MAC
		arg("mac", "MAC", o.Join.MAC)
	}
	if b := bandwidth(l); b != nil {
		if !c.can("bandwidth") {
			return nil, errs.New(errs.Unsupported, "network %s: no plugin of it has the capability bandwidth: no rate can be kept", n.Name)
		}
		e.Capabilities["bandwidth"] = b
	}
	if len(o.Join.Aliases) > 0 {
		e.Capabilities["aliases"] = o.Join.Aliases
	}
	if len(e.Args) > 0 {
		e.Args = append([][2]string{{"IgnoreUnknown", "1"}}, e.Args...)
	}
	return e, nil
}

func newEndpoint(n *record.Network, l *record.Lease) *record.Endpoint {
	return &record.Endpoint{
		ID: key(l.Container, l.Netns, l.NetnsInode), Iface: l.Iface, Driver: n.Driver, Network: n.Name, NetworkID: n.ID,
		Container: l.Container, Netns: l.Netns, NetnsInode: l.NetnsInode, Owner: l.Owner,
	}
}

// portMapping is an element of CNI's capability portMappings.
type portMapping struct {
	HostPort      uint16 `json:"hostPort"`
	ContainerPort uint16 `json:"containerPort"`
	Protocol      string `json:"protocol"`
	HostIP        string `json:"hostIP,omitempty"`
}

// portMappings leaves out what the socket that reserves the port serves alone.
func portMappings(ports []record.Port) []portMapping {
	var out []portMapping
	for _, p := range ports {
		if a, err := netip.ParseAddr(p.HostIP); err == nil && a.IsLoopback() {
			continue
		}
		out = append(out, portMapping{p.HostPort, p.ContainerPort, p.Protocol, p.HostIP})
	}
	return out
}

// bandwidth is CNI's capability of that name, in bits a second and bits; the bursts
// are in bytes with Pouch.
func bandwidth(l *record.Lease) map[string]uint64 {
	if l.Ingress.Bits == 0 && l.Egress.Bits == 0 {
		return nil
	}
	out := map[string]uint64{}
	for way, r := range map[string]record.Rate{"ingress": l.Ingress, "egress": l.Egress} {
		if r.Bits > 0 {
			out[way+"Rate"] = r.Bits
			out[way+"Burst"] = min(max(r.Burst*8, r.Bits), 4<<30)
		}
	}
	return out
}
