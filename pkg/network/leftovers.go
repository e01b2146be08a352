package network

import (
	"context"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Leftover is a thing on the host that nobody has any more.
type Leftover struct {
	Kind   string // netns, address, addresses, link, rules, rate …
	Name   string
	Owner  string // id of the container or network it was made for, where that is known
	Reason string
}

// Leftovers lists what crashes have left, of this pouch alone; alive tells
// whether there is a container with an id. It changes nothing.
func (m *Manager) Leftovers(_ context.Context, alive func(id string) bool) ([]Leftover, error) {
	nets, _ := m.List() // what a broken record owns is not known to be a leftover
	names, err := m.s.NetworkNames()
	if err != nil {
		return nil, err
	}
	spaces, err := m.strayNetns(alive)
	if err != nil {
		return nil, err
	}
	addrs, links, err := m.strayLeases(names, alive)
	if err != nil {
		return nil, err
	}
	for _, n := range nets {
		if d, err := driverOf(n.Driver); err == nil {
			for _, l := range d.links(m, n) {
				links[l] = true
			}
		}
	}
	strays, err := m.strayLinks(links, len(nets) == len(names))
	if err != nil {
		return nil, err
	}
	damaged, err := m.damagedLeases()
	if err != nil {
		return nil, err
	}
	if len(damaged) > 0 {
		strays, damaged = spare(strays, damaged, alive)
	}
	endpoints, err := m.strayEndpoints(alive)
	if err != nil {
		return nil, err
	}
	rules, err := m.strayRules(nets)
	if err != nil {
		return nil, err
	}
	limits, err := m.strayLimits(links)
	return slices.Concat(endpoints, spaces, addrs, damaged, strays, rules, limits), err
}

func (m *Manager) strayNetns(alive func(string) bool) ([]Leftover, error) {
	ids, err := m.s.NetnsIDs()
	var out []Leftover
	for _, id := range ids {
		if !alive(id) {
			out = append(out, Leftover{"netns", filepath.Join(m.s.NetnsDir(), id), id, "no such container"})
		}
	}
	return out, err
}

// strayLeases returns the dead leases, and the links of those that live.
func (m *Manager) strayLeases(networks []string, alive func(string) bool) ([]Leftover, map[string]bool, error) {
	folders, err := m.s.LeaseNetworks()
	if err != nil {
		return nil, nil, err
	}
	var out []Leftover
	links := map[string]bool{}
	for _, f := range folders {
		err := m.eachLease(f, func(a netip.Addr, l *record.Lease) error {
			reason := m.dead(l)
			if reason == "" && l.Container != "" && !alive(l.Container) {
				reason = "no such container"
			}
			if reason != "" {
				out = append(out, Leftover{"address", f + " " + a.String(), l.Container, reason})
			}
			links[l.HostLink] = true
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
		if !slices.Contains(networks, f) && !m.usedCNI(f) {
			out = append(out, Leftover{"addresses", f, f, "no such network"})
		}
	}
	return out, links, nil
}

// strayLinks are links of this pouch that no lease and no network has; those
// that are no container's are told only when every network is known.
func (m *Manager) strayLinks(known map[string]bool, everyNetwork bool) ([]Leftover, error) {
	links, err := netdev.Links("") // a network's may have any name: see parentOf
	var out []Leftover
	for _, l := range links {
		owner, ours := strings.CutPrefix(l.Alias, m.alias(""))
		ours = ours || netdev.Unfinished(&l, m.parentAlias())
		if !ours || known[l.Name] || (l.Type != "veth" && !everyNetwork) {
			continue
		}
		reason := "no address belongs to it"
		if l.Type != "veth" {
			reason = "no such network"
		}
		out = append(out, Leftover{"link", l.Name, owner, reason})
	}
	return out, err
}

// strayRules tells rules of networks that are gone.
func (m *Manager) strayRules(nets []*record.Network) ([]Leftover, error) {
	there, err := netdev.Stamps(m.Table())
	if err != nil {
		return nil, err
	}
	var out []Leftover
	for _, s := range there {
		if !slices.ContainsFunc(nets, func(n *record.Network) bool { return stamp(n) == s }) {
			out = append(out, Leftover{"rules", m.Table(), s, "no such network"})
		}
	}
	return out, nil
}

// Clean removes what Leftovers lists. Idempotent.
func (m *Manager) Clean(ctx context.Context, alive func(id string) bool) error {
	found, err := m.Leftovers(ctx, alive)
	if err != nil {
		return err
	}
	for _, l := range found {
		if err := m.clean(ctx, l, alive); err != nil {
			return err
		}
	}
	return nil
}

func (m *Manager) clean(ctx context.Context, l Leftover, alive func(string) bool) error {
	switch l.Kind {
	case "netns":
		return netdev.RemoveNetns(l.Name)
	case strayEndpoint:
		return m.cleanEndpoint(ctx, l.Name)
	case damagedLease:
		return m.freeDamaged(ctx, l)
	case "address":
		network, _, _ := strings.Cut(l.Name, " ")
		err := m.free(ctx, network, func(x *record.Lease) bool {
			return m.dead(x) != "" || (x.Container != "" && !alive(x.Container))
		}, func(*record.Lease) {})
		if err != nil {
			return err
		}
		return m.refreshHosts(ctx, network)
	case "addresses":
		if err := m.s.RemoveLeases(l.Name); !errs.Is(err, errs.InUse) {
			return err
		}
		return nil
	case "link":
		return netdev.DeleteLink(l.Name)
	case "rate":
		return netdev.Unlimit(l.Name)
	}
	return m.render(ctx)
}
