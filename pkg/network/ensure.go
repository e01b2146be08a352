package network

import (
	"context"
	"errors"
	"slices"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// get is Inspect that makes the default network.
func (m *Manager) get(ctx context.Context, target string) (*record.Network, error) {
	n, err := m.Inspect(target)
	if canonical(target) != Default || !errs.Is(err, errs.NotFound) {
		return n, err
	}
	n, err = m.create(ctx, CreateOpts{Name: Default})
	if errs.Is(err, errs.Conflict) { // somebody else made it just now
		if n, err := m.s.Network(Default); err == nil {
			return n, nil
		}
	}
	return n, err
}

// ready makes sure that what the network needs on the host is there; when it is
// it costs two questions to the kernel.
func (m *Manager) ready(ctx context.Context, n *record.Network) error {
	d, err := driverOf(n.Driver)
	if err != nil {
		return err
	}
	if ok, err := d.ready(m, n); err != nil || !ok {
		return m.ensure(ctx, n)
	}
	return m.checkRules(ctx, n)
}

// ensure makes what the network needs on the host. Idempotent.
func (m *Manager) ensure(ctx context.Context, n *record.Network) error {
	lock, err := m.s.Lock(ctx, "n", n.Name)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	now, err := m.s.Network(n.Name)
	if err != nil || now.ID != n.ID {
		return errs.New(errs.NotFound, "network %s: removed just now", n.Name)
	}
	if err := m.s.MakeLeases(n.Name); err != nil {
		return err
	}
	d, err := driverOf(now.Driver)
	if err != nil {
		return err
	}
	if err := d.ensure(ctx, m, now); err != nil {
		return err
	}
	return m.checkRules(ctx, now)
}

// checkRules renders the rules when those of the network are missing.
func (m *Manager) checkRules(ctx context.Context, n *record.Network) error {
	r, has, err := rulesOf(n)
	if err != nil || !has {
		return err
	}
	there, err := netdev.Stamps(m.Table())
	if err != nil {
		return err
	}
	if slices.Contains(there, r.Stamp) {
		if ok, err := netdev.Admitted(m.Table(), admissions(r)); err != nil || ok {
			return err
		}
	}
	if err := m.render(ctx); err != nil {
		return err
	}
	return m.limitAll()
}

// Reload makes the links, the packet rules and the rates of every network anew,
// for example after somebody flushed the firewall; with targets the links of those
// networks alone, or of those that a container is in, whose hosts files it brings up to
// date too. Idempotent.
func (m *Manager) Reload(ctx context.Context, targets ...string) error {
	all, err := m.reloaded(targets)
	if err != nil {
		return err
	}
	for _, n := range all {
		if err := errors.Join(m.ensure(ctx, n), m.setPorts(n), m.refreshHosts(ctx, n.Name)); err != nil {
			return err
		}
	}
	if err := m.render(ctx); err != nil {
		return err
	}
	return m.limitAll()
}

// reloaded are the networks to reload.
func (m *Manager) reloaded(targets []string) ([]*record.Network, error) {
	if len(targets) == 0 {
		return m.List()
	}
	var out []*record.Network
	for _, t := range targets {
		n, err := m.Inspect(t)
		if errs.Is(err, errs.NotFound) {
			of, cerr := m.networksOf(t)
			if cerr == nil {
				out = append(out, of...)
				continue
			}
		}
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// networksOf are the networks that a container is in now.
func (m *Manager) networksOf(container string) ([]*record.Network, error) {
	id, err := m.s.ResolveContainer(container)
	if err != nil {
		return nil, err
	}
	js, err := m.joined(func(l *record.Lease) bool { return l.Container == id })
	var out []*record.Network
	for _, j := range js {
		if n, err := m.s.Network(j.Network); err == nil { // those of CNI plugins are theirs
			out = append(out, n)
		}
	}
	return out, err
}
