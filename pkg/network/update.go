package network

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/events"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// UpdateOpts say what of a network is to be another. Every part may be empty.
type UpdateOpts struct {
	AddDNS, DropDNS []string
	Labels          record.Labels
	DropLabels      []string
	Options         map[string]string // an empty value takes an option away
}

// changeable are the options of a bridge that can change while it has members.
func changeable() []string {
	return []string{
		OptICC, OptMasquerade, OptHostIP, OptIsolate, OptMode4, OptMode6, OptResolver,
		OptIngressRate, OptIngressBurst, OptEgressRate, OptEgressBurst,
	}
}

// Update changes a network, and what its members see of it at once: packet rules, who
// reaches whom, the resolver, resolv.conf. Rates and the address of published ports
// are those of who joins from now on. Idempotent: the same again does what a killed
// command has not, but for the resolv.conf of who is in the network, which is made
// anew at the next start. Kind invalid for what cannot change while the network is
// there.
func (m *Manager) Update(ctx context.Context, target string, o UpdateOpts) error {
	n, err := m.Inspect(target)
	if err != nil {
		return err
	}
	if n.Driver == cniDriverName {
		return cniDriver{}.check(CreateOpts{})
	}
	before, err := m.resolvsOf(n)
	if err != nil {
		return err
	}
	now, err := m.rewrite(ctx, n, func(n *record.Network) error { return o.edit(n) })
	if err != nil {
		return err
	}
	if err := m.takeEffect(ctx, now, before); err != nil {
		return err
	}
	events.Emit(m.s, events.OfNetwork(now, "update", ""))
	return nil
}

// rewrite changes a network's record, with its lock held.
func (m *Manager) rewrite(ctx context.Context, n *record.Network, edit func(*record.Network) error) (*record.Network, error) {
	lock, err := m.s.Lock(ctx, "n", n.Name)
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	now, err := m.s.Network(n.Name)
	if err != nil || now.ID != n.ID {
		return nil, errs.New(errs.NotFound, "network %s: removed just now", n.Name)
	}
	if err := edit(now); err != nil {
		return nil, err
	}
	return now, m.s.SetNetwork(now)
}

// edit changes a record. It is pure.
func (o UpdateOpts) edit(n *record.Network) error {
	for _, s := range slices.Concat(o.AddDNS, o.DropDNS) {
		if _, err := netip.ParseAddr(s); err != nil {
			return errs.New(errs.Invalid, "name server %s: not an address", s)
		}
	}
	n.DNS = slices.DeleteFunc(n.DNS, func(s string) bool { return slices.Contains(o.DropDNS, s) })
	for _, s := range o.AddDNS {
		if !slices.Contains(n.DNS, s) {
			n.DNS = append(n.DNS, s)
		}
	}
	if n.Labels == nil {
		n.Labels = record.Labels{}
	}
	maps.Copy(n.Labels, o.Labels)
	for _, k := range o.DropLabels {
		delete(n.Labels, k)
	}
	return o.editOptions(n)
}

func (o UpdateOpts) editOptions(n *record.Network) error {
	if len(o.Options) == 0 {
		return nil
	}
	if n.Driver != Driver {
		return errs.New(errs.Invalid, "network %s (%s): its options cannot change: make another one", n.Name, n.Driver)
	}
	if n.Options == nil {
		n.Options = map[string]string{}
	}
	was := bridgeOptionsOf(n)
	for k, v := range o.Options {
		if !slices.Contains(changeable(), k) {
			return errs.New(errs.Invalid, "network %s: the option %q cannot change: make another network; these can: %s", n.Name, k, strings.Join(changeable(), ", "))
		}
		if n.Options[k] = v; v == "" {
			delete(n.Options, k)
		}
	}
	is := bridgeOptionsOf(n)
	if (was.mode4 == modeIsolated) != (is.mode4 == modeIsolated) || (was.mode6 == modeIsolated) != (is.mode6 == modeIsolated) {
		return errs.New(errs.Invalid, "network %s: whether the host has an address in it cannot change: make another network", n.Name)
	}
	with := CreateOpts{Name: n.Name, Driver: n.Driver, Options: n.Options, Internal: n.Internal, IPv6: n.IPv6, NoIPv4: n.NoIPv4}
	return bridgeDriver{}.check(with)
}

// resolvsOf are the containers of a network, each with the resolv.conf that it has by
// its networks.
func (m *Manager) resolvsOf(n *record.Network) (map[string][]byte, error) {
	out := map[string][]byte{}
	all, err := m.members(n.Name)
	for _, e := range all {
		c, cerr := m.s.Container(e.lease.Container)
		if e.lease.Container == "" || cerr != nil {
			continue
		}
		out[c.ID] = m.resolvOf(c)
	}
	return out, err
}

// takeEffect brings what there is of a network up to its record.
func (m *Manager) takeEffect(ctx context.Context, n *record.Network, before map[string][]byte) error {
	if err := errors.Join(m.render(ctx), m.setPorts(n)); err != nil {
		return err
	}
	if _, has := resolverOf(n); !has {
		if err := m.StopResolver(ctx, n.Name); err != nil {
			return err
		}
	} else if len(before) > 0 {
		m.needResolver(ctx, n)
	}
	for id, was := range before {
		c, err := m.s.Container(id)
		if errs.Is(err, errs.NotFound) {
			continue
		}
		if err == nil {
			err = m.followNames(c, was)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// setPorts makes the host's ends of the members of a bridge its ports, as they are to
// be: whether they reach each other, and themselves by a published port.
func (m *Manager) setPorts(n *record.Network) error {
	if n.Bridge == "" {
		return nil // of a driver without
	}
	all, err := m.members(n.Name)
	if err != nil {
		return err
	}
	for _, e := range all {
		if e.lease.HostLink == "" {
			continue
		}
		err := netdev.SetPort(e.lease.HostLink, n.Bridge, len(e.lease.Ports) > 0, !bridgeOptionsOf(n).icc)
		if err != nil && !errs.Is(err, errs.NotFound) { // one that leaves
			return err
		}
	}
	return nil
}
