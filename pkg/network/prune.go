package network

import (
	"context"
	"errors"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Used are the names of the networks that somebody is in, or that a container
// joins when it starts.
func (m *Manager) Used() (map[string]bool, error) {
	used := map[string]bool{}
	all, err := m.everyone()
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		used[e.network] = true
	}
	ids, err := m.s.ContainerIDs()
	if err != nil {
		return nil, err
	}
	nets, err := m.List()
	if err != nil && !errs.Is(err, errs.Corrupt) {
		return nil, err
	}
	for _, id := range ids {
		c, err := m.s.Container(id)
		if errs.Is(err, errs.NotFound) {
			continue
		}
		if err != nil {
			return nil, err // what it joins is not known
		}
		for _, j := range append(c.Networks, record.Join{Network: c.NetworkMode}) {
			markUsed(used, nets, j.Network)
		}
	}
	return used, nil
}

// markUsed notes a network that a container names by its name or its id.
func markUsed(used map[string]bool, nets []*record.Network, target string) {
	for _, n := range nets {
		if n.Name == canonical(target) || target != "" && strings.HasPrefix(n.ID, target) {
			used[n.Name] = true
		}
	}
}

// Prune removes the networks that nobody uses, but for the default one and those
// that keep tells, and returns the names of those removed, also when it could not go on
// to the end.
func (m *Manager) Prune(ctx context.Context, keep func(*record.Network) bool) (removed []string, err error) {
	used, err := m.Used()
	if err != nil {
		return nil, err
	}
	all, err := m.List()
	if err != nil && len(all) == 0 {
		return nil, err
	}
	failed := []error{err}
	for _, n := range all {
		if n.Name == Default || used[n.Name] || keep(n) {
			continue
		}
		switch err := m.Remove(ctx, n.Name); {
		case err == nil:
			removed = append(removed, n.Name)
		case !errs.Is(err, errs.InUse) && !errs.Is(err, errs.NotFound): // somebody came, or was faster
			failed = append(failed, err)
		}
	}
	return removed, errors.Join(failed...)
}

// Empty takes everybody out of a network: containers as Disconnect does, other
// namespaces as Detach does. Idempotent.
func (m *Manager) Empty(ctx context.Context, target string) error {
	n, err := m.Inspect(target)
	if err != nil {
		return err
	}
	members, err := m.Members(n.Name)
	if err != nil {
		return err
	}
	for _, e := range members {
		if e.Lease.Container == "" {
			err = m.Detach(ctx, n.Name, e.Lease.Netns)
		} else if err = m.Disconnect(ctx, e.Lease.Container, n.Name); errs.Is(err, errs.NotFound) {
			err = m.Evict(ctx, n.Name, e.Lease.Container)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
