package network

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Options of macvlan and ipvlan networks, docker's names; podman's mode is
// understood too.
const (
	OptParent      = "parent"
	OptMode        = "mode"
	OptMacvlanMode = "macvlan_mode"
	OptIPVLANMode  = "ipvlan_mode"
	OptIPVLANFlag  = "ipvlan_flag"
)

// sublinkDriver gives each member a link of its own on a link of the host, the
// parent: kind macvlan or ipvlan. Members are hosts of the parent's network; this
// host has no part in what they send, and no rules for it.
type sublinkDriver struct{ kind string }

func (sublinkDriver) traits() traits { return traits{} }

// macvlanDriver is a sublinkDriver whose members have MAC addresses.
type macvlanDriver struct{ sublinkDriver }

func (macvlanDriver) traits() traits { return traits{ownMAC: true} }

func (d sublinkDriver) check(o CreateOpts) error {
	known := []string{OptParent, OptMode, OptMTU, d.kind + "_mode", OptNoDefaultRoute, OptMetric}
	if d.kind == "ipvlan" {
		known = append(known, OptIPVLANFlag)
	}
	if err := knownOptions(d.kind, o.Options, known); err != nil {
		return err
	}
	if err := checkMTU(o); err != nil {
		return err
	}
	modes := netdev.SublinkModes(d.kind)
	if m := d.mode(o.Options); m != "" && !slices.Contains(modes, m) {
		return errs.New(errs.Invalid, "network driver %s: no mode %q: it has %s", d.kind, m, strings.Join(modes, ", "))
	}
	if f := o.Options[OptIPVLANFlag]; f != "" && !slices.Contains(netdev.SublinkFlags(), f) {
		return errs.New(errs.Invalid, "network driver %s: no flag %q: it has %s", d.kind, f, strings.Join(netdev.SublinkFlags(), ", "))
	}
	if p := o.Options[OptParent]; len(p) >= unix.IFNAMSIZ || strings.ContainsAny(p, "/ ") || p == "lo" {
		return errs.New(errs.Invalid, "network driver %s: %q cannot be a parent", d.kind, p)
	}
	return nil
}

func (d sublinkDriver) mode(options map[string]string) string {
	return cmp.Or(options[d.kind+"_mode"], options[OptMode])
}

// plan: what shares a parent must agree. Without a parent the members reach each
// other alone.
func (d sublinkDriver) plan(m *Manager, o CreateOpts, n *record.Network) error {
	if o.Options[OptParent] == "" {
		n.Internal = true
		return nil
	}
	all, err := m.List()
	if err != nil && !errs.Is(err, errs.Corrupt) {
		return err
	}
	for _, x := range all {
		other, ok := sublinkOf(x)
		if !ok || x.Options[OptParent] != n.Options[OptParent] {
			continue
		}
		mine, theirs := d.mode(n.Options), other.mode(x.Options)
		switch {
		case other.kind != d.kind,
			mine == "passthru" || theirs == "passthru",
			d.kind == "ipvlan" && (cmp.Or(mine, "l2") != cmp.Or(theirs, "l2") || flagOf(n) != flagOf(x)):
			return errs.New(errs.Conflict, "parent %s: the network %s has it in another way (%s %s)", n.Options[OptParent], x.Name, other.kind, theirs)
		}
	}
	return nil
}

func flagOf(n *record.Network) string { return cmp.Or(n.Options[OptIPVLANFlag], "bridge") }

// sublinkOf is the driver of a network when that is one of these.
func sublinkOf(n *record.Network) (sublinkDriver, bool) {
	switch n.Driver {
	case "macvlan", "ipvlan":
		return sublinkDriver{n.Driver}, true
	}
	return sublinkDriver{}, false
}

// parentOf is the link that the members' lie on: the one that was named, or one
// that leads nowhere.
func parentOf(n *record.Network) string {
	return cmp.Or(n.Options[OptParent], dummyPrefix+n.ID[:12])
}

// parentAlias is that of a parent which this pouch has made. Networks may share
// a VLAN, so it names none.
func (m *Manager) parentAlias() string { return m.alias("parent") }

func (sublinkDriver) links(_ *Manager, n *record.Network) []string { return []string{parentOf(n)} }

func (sublinkDriver) ready(m *Manager, n *record.Network) (bool, error) {
	l, err := netdev.FindLink(parentOf(n))
	if errs.Is(err, errs.NotFound) {
		return false, nil
	}
	return err == nil && !netdev.Unfinished(l, m.parentAlias()), err
}

// ensure makes the parent where it is a VLAN's, or leads nowhere; any other one
// has to be there.
func (sublinkDriver) ensure(ctx context.Context, m *Manager, n *record.Network) error {
	lock, err := m.s.Lock(ctx, "parents", "")
	if err != nil {
		return err
	}
	defer lock.Unlock()
	parent := parentOf(n)
	l, err := netdev.FindLink(parent)
	if err == nil && !m.madeParent(l) {
		return nil // somebody else's
	}
	if err != nil && !errs.Is(err, errs.NotFound) {
		return err
	}
	if n.Options[OptParent] == "" {
		return netdev.EnsureDummy(parent, m.parentAlias())
	}
	if _, _, vlan := netdev.ParentVLAN(parent); vlan {
		return netdev.EnsureVLAN(parent, m.parentAlias())
	}
	return errs.New(errs.NotFound, "network %s: its parent %s is not there: this host has no link of that name", n.Name, parent)
}

// madeParent reports whether this pouch made a parent, be it that a killed command
// did not come to the end.
func (m *Manager) madeParent(l *netdev.Link) bool {
	return l.Alias == m.parentAlias() || netdev.Unfinished(l, m.parentAlias())
}

// remove removes the parent where this pouch made it and no other network has it.
func (sublinkDriver) remove(ctx context.Context, m *Manager, n *record.Network) error {
	lock, err := m.s.Lock(ctx, "parents", "")
	if err != nil {
		return err
	}
	defer lock.Unlock()
	all, err := m.List()
	if err != nil {
		return nil // a network that cannot be read may have it: see strayLinks
	}
	for _, x := range all {
		if _, ok := sublinkOf(x); ok && x.ID != n.ID && parentOf(x) == parentOf(n) {
			return nil
		}
	}
	l, err := netdev.FindLink(parentOf(n))
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil || !m.madeParent(l) {
		return err
	}
	return netdev.DeleteLink(l.Name)
}

// sublinkAlias is that of a member's link: an interface in one network.
func (m *Manager) sublinkAlias(l *record.Lease) string { return m.aliasOf(l) + " " + l.Iface }

func (d sublinkDriver) plug(_ context.Context, m *Manager, n *record.Network, l *record.Lease, p plug) error {
	s := netdev.Sublink{
		Kind: d.kind, Mode: d.mode(n.Options), Flag: n.Options[OptIPVLANFlag], Parent: parentOf(n),
		Alias: m.sublinkAlias(l), Netns: l.Netns, Iface: l.Iface, MAC: l.MAC, MTU: mtu(n.Options),
		Addrs: p.addrs, Gateways: p.gateways,
	}
	if s.MAC == "" {
		s.MAC = netdev.HashMAC(n.ID, p.addrs[0].String()) // for the link-local address alone
	}
	if d.kind == "ipvlan" && (s.Mode == "l3" || s.Mode == "l3s") {
		s.Gateways = outOfTheLink(p.gateways)
	}
	err := netdev.AddSublink(s)
	if !errors.Is(err, unix.EEXIST) {
		return err
	}
	// What is left of a command that was killed, or somebody else's.
	if err := netdev.DeleteSublink(l.Netns, d.kind, l.Iface, s.Alias); err != nil {
		return err
	}
	return netdev.AddSublink(s)
}

// outOfTheLink: in its modes l3 and l3s the kernel routes what a link sends by
// this host's table; there is no gateway to ask for.
func outOfTheLink(gateways []netip.Addr) []netip.Addr {
	var out []netip.Addr
	for _, g := range gateways {
		if g.Is4() {
			out = append(out, netip.IPv4Unspecified())
		} else {
			out = append(out, netip.IPv6Unspecified())
		}
	}
	return out
}

// vacateInside is vacate for interfaces without another end on the host; plug
// removes what it finds left.
func (m *Manager) vacateInside(n *record.Network, l *record.Lease) error {
	taken, err := netdev.LinkNames(l.Netns)
	if err != nil || !slices.Contains(taken, l.Iface) {
		return err
	}
	js, err := m.joined(sameIface(l))
	if err != nil {
		return err
	}
	for _, j := range js {
		if j.ID != n.ID {
			return errs.New(errs.Conflict, "interface %s: it is in network %s", l.Iface, j.Network)
		}
	}
	return nil
}

// unplug leaves a namespace alone that is not the lease's any more.
func (d sublinkDriver) unplug(_ context.Context, m *Manager, _ *record.Network, l *record.Lease) error {
	if !m.holds(l) {
		return nil
	}
	return netdev.DeleteSublink(l.Netns, d.kind, l.Iface, m.sublinkAlias(l))
}

func (sublinkDriver) rules(*record.Network) (r netdev.NetworkRules, ok bool, err error) {
	return r, false, nil
}
