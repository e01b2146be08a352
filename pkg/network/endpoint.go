package network

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Options of a member, docker's names (--network name=…,driver-opt=KEY=VALUE).
const (
	OptSysctls = "com.docker.network.endpoint.sysctls" // net.FAMILY.conf.IFNAME.NAME=VALUE,…
	OptIfname  = "com.docker.network.endpoint.ifname"  // the same as interface_name
)

// linkSysctl is one setting of a member's interface.
type linkSysctl struct{ family, table, name, value string }

// checkEndpoint checks what is asked of network n beside names and ports.
func checkEndpoint(n *record.Network, t traits, j *record.Join) error {
	for _, k := range slices.Sorted(maps.Keys(j.Options)) {
		if k != OptSysctls && k != OptIfname && !t.options {
			return errs.New(errs.Invalid, "network %s (%s): no option %q of a member: it has %s and %s", n.Name, n.Driver, k, OptIfname, OptSysctls)
		}
	}
	if v := j.Options[OptIfname]; v != "" && j.Interface == "" {
		j.Interface = v
	}
	if err := checkIface(j.Interface); err != nil {
		return err
	}
	if (j.Ingress.Bits > 0 || j.Egress.Bits > 0) && !t.hostEnd && !t.options {
		return errs.New(errs.Unsupported, "network %s (%s): its interfaces have no end on this host where a rate could be kept: use a bridge", n.Name, n.Driver)
	}
	for _, a := range []struct{ flag, addr string }{{"--ip", j.IPv4}, {"--ip6", j.IPv6}} {
		if a.addr != "" && !t.options && !hasFamily(n, a.addr) {
			return errs.New(errs.Invalid, "%s %s: network %s has no subnet of that family", a.flag, a.addr, n.Name)
		}
	}
	_, err := linkSysctls(j)
	return err
}

// checkIface checks the name of an interface; "" is any.
func checkIface(name string) error {
	if name == "" {
		return nil
	}
	if _, err := linkName(name); err != nil || name == "lo" {
		return errs.New(errs.Invalid, "interface %q: not the name of a link", name)
	}
	return nil
}

func hasFamily(n *record.Network, addr string) bool {
	a, err := netip.ParseAddr(addr)
	return err != nil || slices.ContainsFunc(n.Subnets, func(s record.Subnet) bool {
		p, err := netip.ParsePrefix(s.Subnet)
		return err == nil && p.Addr().Is4() == a.Is4()
	})
}

// linkSysctls reads the settings of a member's interface. They are those of the
// interface alone: IFNAME stands for its name.
func linkSysctls(j *record.Join) ([]linkSysctl, error) {
	var out []linkSysctl
	for s := range strings.SplitSeq(j.Options[OptSysctls], ",") {
		if s == "" {
			continue
		}
		key, value, ok := strings.Cut(s, "=")
		f := strings.Split(key, ".")
		if !ok || len(f) != 5 || f[0] != "net" || f[3] != "IFNAME" || !slices.Contains([]string{"conf", "neigh"}, f[2]) ||
			!slices.Contains([]string{"ipv4", "ipv6", "mpls"}, f[1]) || f[4] == "" || strings.Trim(f[4], "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			return nil, errs.New(errs.Invalid, "%s: %q: want net.FAMILY.conf.IFNAME.NAME=VALUE", OptSysctls, s)
		}
		out = append(out, linkSysctl{f[1], f[2], f[4], value})
	}
	return out, nil
}

// linkLocals are the further addresses of a member's interface, RFC 3927 and RFC
// 4291 §2.5.6.
func linkLocals(j record.Join) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range j.LinkLocal {
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" || !a.IsLinkLocalUnicast() {
			return nil, errs.New(errs.Invalid, "--link-local-ip %s: not an address of the link alone", s)
		}
		bits := 64
		if a.Is4() {
			bits = 16
		}
		out = append(out, netip.PrefixFrom(a, bits))
	}
	return out, nil
}

// tune gives an interface that is there what no driver needs to know: rates,
// settings, routes.
func (m *Manager) tune(n *record.Network, l *record.Lease, o AttachOpts, gateways []netip.Addr) error {
	if err := m.limit(l); err != nil {
		return err
	}
	settings, err := linkSysctls(&o.Join)
	if err != nil {
		return err
	}
	for _, s := range settings {
		if err := netdev.SetLinkSysctl(l.Netns, s.family, s.table, l.Iface, s.name, s.value); err != nil {
			return err
		}
	}
	routes, err := routesOf(n)
	if err != nil {
		return err
	}
	_, metric, err := routing(n.Options)
	if err != nil {
		return err
	}
	if metric > 0 {
		routes = append(routes, netdev.DefaultRoutes(gateways, metric)...)
	} else if o.late {
		leads, err := m.leads(l)
		if err != nil {
			return err
		}
		if leads {
			routes = append(routes, netdev.DefaultRoutes(gateways, 0)...)
		}
	}
	return netdev.SetRoutes(l.Netns, l.Iface, routes)
}

// leads reports whether the interface of a lease takes the default route away
// from others of its namespace: a route that is nobody's here stays.
func (m *Manager) leads(l *record.Lease) (bool, error) {
	all, err := m.everyone()
	if err != nil {
		return false, err
	}
	others := false
	for _, e := range all {
		if e.lease.NetnsInode != l.NetnsInode || e.lease.Iface == l.Iface {
			continue
		}
		if e.lease.Priority >= l.Priority {
			return false, nil
		}
		others = true
	}
	return others, nil
}
