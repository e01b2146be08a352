package network

import (
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Options of a network that bound the interfaces of its members.
const (
	OptIngressRate  = "ingress-rate"
	OptIngressBurst = "ingress-burst"
	OptEgressRate   = "egress-rate"
	OptEgressBurst  = "egress-burst"
)

// networkRates are the bounds that a network's options give its members.
func networkRates(options map[string]string) (in, out record.Rate, err error) {
	for _, o := range []struct {
		key  string
		to   *uint64
		read func(string) (uint64, error)
	}{
		{OptIngressRate, &in.Bits, parse.Rate},
		{OptIngressBurst, &in.Burst, parse.Burst},
		{OptEgressRate, &out.Bits, parse.Rate},
		{OptEgressBurst, &out.Burst, parse.Burst},
	} {
		v, given := options[o.key]
		if !given {
			continue
		}
		if *o.to, err = o.read(v); err != nil {
			return in, out, errs.New(errs.Invalid, "%s: %w", o.key, err)
		}
	}
	return in, out, nil
}

// bounds are the rates of a member: its own, or those of the network.
func bounds(n *record.Network, j record.Join) (in, out record.Rate) {
	in, out, err := networkRates(n.Options)
	if err != nil {
		in, out = record.Rate{}, record.Rate{}
	}
	if j.Ingress.Bits > 0 {
		in = j.Ingress
	}
	if j.Egress.Bits > 0 {
		out = j.Egress
	}
	return in, out
}

// limit applies the rates of a lease to its link.
func (m *Manager) limit(l *record.Lease) error {
	if l.HostLink == "" || (l.Ingress.Bits == 0 && l.Egress.Bits == 0) {
		return nil
	}
	return netdev.Limit(netdev.Limited{
		Host: l.HostLink, Netns: l.Netns, Iface: l.Iface, Table: m.limitTable(l.HostLink),
		In: netdev.Rate(l.Ingress), Out: netdev.Rate(l.Egress),
	})
}

func (m *Manager) unlimit(l *record.Lease) error {
	if l.HostLink == "" || l.Egress.Bits == 0 {
		return nil
	}
	return netdev.Unlimit(m.limitTable(l.HostLink))
}

// limitTable is the table of the netdev family for one link.
func (m *Manager) limitTable(link string) string { return m.Table() + "-" + link }

// limitAll applies the rates of all members, for tables that somebody flushed; those
// of CNI plugins are theirs to keep.
func (m *Manager) limitAll() error {
	all, err := m.everyone()
	if err != nil {
		return err
	}
	for _, e := range all {
		if isForeign(e.lease.Driver) {
			continue
		}
		if err := m.limit(e.lease); err != nil {
			if _, gone := netdev.FindLink(e.lease.HostLink); errs.Is(gone, errs.NotFound) {
				continue // it was given back just now
			}
			return err
		}
	}
	return nil
}

// strayLimits are tables of rates whose link nobody has.
func (m *Manager) strayLimits(links map[string]bool) ([]Leftover, error) {
	tables, err := netdev.LimitTables()
	var out []Leftover
	for _, t := range tables {
		link, ours := strings.CutPrefix(t, m.Table()+"-")
		if ours && strings.HasPrefix(link, vethPrefix) && !links[link] {
			out = append(out, Leftover{"rate", t, "", "no address belongs to it"})
		}
	}
	return out, err
}
