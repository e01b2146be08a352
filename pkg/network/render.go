package network

import (
	"context"
	"net/netip"
	"slices"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// render writes the packet rules of all networks and of every published port,
// but for the leases that are being given back: an address is free only when no
// rule leads to it. Commands that ask at the same time are served by one.
func (m *Manager) render(ctx context.Context) error {
	return m.s.RulesTurn().Do(func() (*fsx.Lock, error) { return m.s.LockRules(ctx) }, m.writeRules)
}

func (m *Manager) writeRules() (err error) {
	all, _ := m.List() // a broken record must not take the others' rules away
	var rules netdev.Rules
	for _, n := range all {
		r, has, err := rulesOf(n)
		if err != nil || !has {
			continue
		}
		rules.Networks = append(rules.Networks, r)
		ports, err := m.portRules(n, r)
		if err != nil {
			return err
		}
		rules.Ports = append(rules.Ports, ports...)
	}
	if len(rules.Networks) == 0 {
		err = netdev.DropRules(m.Table())
	} else {
		err = netdev.ApplyRules(m.Table(), rules)
	}
	if err != nil {
		return err
	}
	return netdev.Admit(m.Table(), admissions(rules.Networks...))
}

// admissions are what other firewalls of the host are asked to let pass.
func admissions(networks ...netdev.NetworkRules) []netdev.Admission {
	var out []netdev.Admission
	for _, n := range networks {
		out = append(out, netdev.AdmissionsOf(n.Bridge, n.Subnets, n.Resolver)...)
	}
	return out
}

func (m *Manager) portRules(n *record.Network, of netdev.NetworkRules) ([]netdev.PortRule, error) {
	var out []netdev.PortRule
	err := m.eachLease(n.Name, func(a netip.Addr, l *record.Lease) error {
		if len(l.Ports) == 0 || n.Internal || !m.holds(l) || isEnding(l) {
			return nil
		}
		out = append(out, translations(a, l.Ports, of)...)
		return nil
	})
	return out, err
}

// translations are the rules that lead from the host's ports to those of a, or
// that let pass what is for those of a, where its subnet is routed.
// What is published on a loopback address has none: the socket that reserves
// the port serves it, and nobody outside can reach that.
func translations(a netip.Addr, ports []record.Port, of netdev.NetworkRules) []netdev.PortRule {
	var out []netdev.PortRule
	except := ""
	if of.Separate {
		except = of.Bridge
	}
	own := slices.ContainsFunc(of.Routed, func(p netip.Prefix) bool { return p.Contains(a) })
	for _, p := range ports {
		host := netip.IPv6Unspecified()
		if a.Is4() {
			host = netip.IPv4Unspecified()
		}
		if p.HostIP != "" {
			h, err := netip.ParseAddr(p.HostIP)
			if h = h.Unmap(); err != nil || h.Is4() != a.Is4() || h.IsLoopback() {
				continue
			}
			host = h
		}
		out = append(out, netdev.PortRule{
			Protocol: p.Protocol, Host: netip.AddrPortFrom(host, p.HostPort), Target: netip.AddrPortFrom(a, p.ContainerPort), Routed: own, Except: except,
		})
	}
	return out
}

// eachLease calls do for every lease of a network. One that is given back at
// the same time is left out, and so is a file that is none.
func (m *Manager) eachLease(network string, do func(netip.Addr, *record.Lease) error) error {
	ips, err := m.s.Leases(network)
	if err != nil {
		return err
	}
	for _, ip := range ips {
		a, err := netip.ParseAddr(ip)
		if err != nil {
			continue
		}
		l, err := m.s.Lease(network, ip)
		if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Corrupt) {
			continue
		}
		if err != nil {
			return err
		}
		if err := do(a, l); err != nil {
			return err
		}
	}
	return nil
}

// holds reports whether the lease's network namespace is still there.
func (m *Manager) holds(l *record.Lease) bool {
	ino, err := netdev.NetnsInode(l.Netns)
	return err == nil && ino == l.NetnsInode
}
