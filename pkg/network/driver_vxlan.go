package network

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Options of vxlan networks.
const (
	OptVNI      = "vni"
	OptPeers    = "peers"
	OptLocal    = "local"
	OptDestPort = "dstport"
)

// vxlanPort is that of RFC 7348.
const vxlanPort = 4789

// vxlanDriver is a bridge driver whose networks span hosts: each host has a
// bridge, and a VXLAN link (RFC 7348) between them. Addresses are given by each host
// from a range of its own, so that hosts need not ask each other.
type vxlanDriver struct{ bridgeDriver }

func (d vxlanDriver) check(o CreateOpts) error {
	plain := o
	plain.Options = without(o.Options, OptVNI, OptPeers, OptLocal, OptDestPort)
	if err := d.bridgeDriver.check(plain); err != nil {
		return err
	}
	v, err := vxlanOptions(o.Options)
	if err != nil {
		return err
	}
	if len(v.Peers) == 0 {
		return nil
	}
	return ownRanges(o)
}

// ownRanges: hosts that give addresses of one subnet without asking each other
// need a part of it each.
func ownRanges(o CreateOpts) error {
	if len(o.Subnets) == 0 {
		return errs.New(errs.Invalid, "network %s: name its subnet with --subnet, the same one on every host", o.Name)
	}
	if len(o.Ranges) < len(o.Subnets) {
		return errs.New(errs.Invalid, "network %s: give this host a part of each subnet with --ip-range, another one on every host: else two hosts give out the same address", o.Name)
	}
	return nil
}

func without(options map[string]string, keys ...string) map[string]string {
	out := map[string]string{}
	for k, v := range options {
		if !slices.Contains(keys, k) {
			out[k] = v
		}
	}
	return out
}

// vxlanOptions are the options understood.
func vxlanOptions(o map[string]string) (v netdev.VXLAN, err error) {
	vni, err := strconv.ParseUint(o[OptVNI], 10, 24)
	if err != nil || vni == 0 {
		return v, errs.New(errs.Invalid, "network driver vxlan: -o vni=%s: give a number from 1 to 16777215, the same one on every host", o[OptVNI])
	}
	v.VNI, v.Port = uint32(vni), vxlanPort
	if p, given := o[OptDestPort]; given {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return v, errs.New(errs.Invalid, "network driver vxlan: -o dstport=%s: not a UDP port", p)
		}
		v.Port = uint16(n)
	}
	if l, given := o[OptLocal]; given {
		if v.Local, err = hostAddress("local", l); err != nil {
			return v, err
		}
	}
	v.Peers, err = peersOf(o[OptPeers])
	if err == nil {
		err = oneFamily(v)
	}
	return v, err
}

// peersOf understands a list of peers, with commas between them.
func peersOf(list string) ([]netip.Addr, error) {
	var out []netip.Addr
	for _, s := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		a, err := hostAddress("peers", s)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out, nil
}

func hostAddress(option, s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if a = a.Unmap(); err != nil || a.IsUnspecified() || a.IsMulticast() || a.IsLoopback() || a.Zone() != "" {
		return a, errs.New(errs.Invalid, "network driver vxlan: %s=%s: not the address of a host", option, s)
	}
	return a, nil
}

func oneFamily(v netdev.VXLAN) error {
	all := slices.Clone(v.Peers)
	if v.Local.IsValid() {
		all = append(all, v.Local)
	}
	for _, a := range all {
		if a.Is4() != all[0].Is4() {
			return errs.New(errs.Invalid, "network driver vxlan: %s and %s: all hosts must have addresses of one family", all[0], a)
		}
	}
	return nil
}

// plan: a range of the host's own has a gateway of its own too, unless told
// otherwise: two hosts with one address on one network would not be heard.
func (d vxlanDriver) plan(m *Manager, o CreateOpts, n *record.Network) error {
	if err := d.unique(m, n); err != nil {
		return err
	}
	for i, s := range n.Subnets {
		prefix, err := netip.ParsePrefix(s.Subnet)
		if err != nil {
			return err
		}
		named := slices.ContainsFunc(o.Gateways, func(g string) bool {
			a, err := netip.ParseAddr(g)
			return err == nil && prefix.Contains(a)
		})
		if s.Range == "" || s.Gateway == "" || named {
			continue
		}
		r, err := netip.ParsePrefix(s.Range)
		if err != nil {
			return err
		}
		first := r.Addr()
		if first == prefix.Addr() {
			first = first.Next()
		}
		n.Subnets[i].Gateway = first.String()
	}
	return d.bridgeDriver.plan(m, o, n)
}

// unique: the kernel tells packets of networks apart by VNI and port.
func (vxlanDriver) unique(m *Manager, n *record.Network) error {
	v, err := vxlanOptions(n.Options)
	if err != nil {
		return err
	}
	all, err := m.List()
	if err != nil && !errs.Is(err, errs.Corrupt) {
		return err
	}
	for _, x := range all {
		if x.Driver != "vxlan" {
			continue
		}
		if o, err := vxlanOptions(x.Options); err == nil && o.VNI == v.VNI && o.Port == v.Port {
			return errs.New(errs.Conflict, "network %s: it has VNI %d on UDP port %d already", x.Name, v.VNI, v.Port)
		}
	}
	return nil
}

func vxlanName(n *record.Network) string { return vxlanPrefix + n.ID[:12] }

func (d vxlanDriver) links(m *Manager, n *record.Network) []string {
	return append(d.bridgeDriver.links(m, n), vxlanName(n))
}

func (d vxlanDriver) ready(m *Manager, n *record.Network) (bool, error) {
	if ok, err := d.bridgeDriver.ready(m, n); err != nil || !ok {
		return false, err
	}
	v, err := vxlanOptions(n.Options)
	if err != nil {
		return false, err
	}
	l, err := netdev.FindLink(vxlanName(n))
	if errs.Is(err, errs.NotFound) {
		return false, nil
	}
	if err != nil || l.Alias != m.alias(n.ID) {
		return false, err
	}
	have, err := netdev.VXLANPeers(l.Name)
	return err == nil && sameAddrs(have, v.Peers), err
}

func sameAddrs(a, b []netip.Addr) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.SortFunc(a, netip.Addr.Compare)
	slices.SortFunc(b, netip.Addr.Compare)
	return slices.Equal(a, b)
}

func (d vxlanDriver) ensure(_ context.Context, m *Manager, n *record.Network) error {
	v, err := vxlanOptions(n.Options)
	if err != nil {
		return err
	}
	v.MTU = tunnelMTU(n, v)
	if err := d.makeBridge(m, n, v.MTU); err != nil {
		return err
	}
	v.Name, v.Alias, v.Master = vxlanName(n), m.alias(n.ID), n.Bridge
	return netdev.EnsureVXLAN(v)
}

// tunnelMTU is what fits into packets between hosts.
func tunnelMTU(n *record.Network, v netdev.VXLAN) int {
	if given := mtu(n.Options); given > 0 {
		return given
	}
	if len(v.Peers) == 0 {
		return 1500 - netdev.VXLANOverhead(true) // who will join is not known yet
	}
	out := netdev.PathMTU(v.Peers[0])
	for _, p := range v.Peers[1:] {
		out = min(out, netdev.PathMTU(p))
	}
	return out - netdev.VXLANOverhead(v.Peers[0].Is6())
}

func (d vxlanDriver) remove(ctx context.Context, m *Manager, n *record.Network) error {
	l, err := netdev.FindLink(vxlanName(n))
	if err == nil && (l.Alias == m.alias(n.ID) || netdev.Unfinished(l, m.alias(n.ID))) {
		err = netdev.DeleteLink(l.Name)
	}
	if err != nil && !errs.Is(err, errs.NotFound) {
		return err
	}
	return d.bridgeDriver.remove(ctx, m, n)
}
