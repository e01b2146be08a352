package network

import (
	"context"
	"iter"
	"net/netip"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// vacancy fails with kind unavailable when a network has no address left that
// somebody could have, also none of who is gone.
func (m *Manager) vacancy(ctx context.Context, n *record.Network) error {
	err := m.full(n)
	if err == nil {
		return nil
	}
	if freed, rerr := m.reap(ctx, n.Name); rerr != nil || freed == 0 {
		return err
	}
	return m.full(n)
}

// full tells the first subnet of a network without a free address.
func (m *Manager) full(n *record.Network) error {
	subs, err := subnets(n)
	if err != nil {
		return err
	}
	ips, err := m.s.Leases(n.Name)
	if err != nil {
		return err
	}
	taken := make(map[string]bool, len(ips))
	for _, ip := range ips {
		taken[ip] = true
	}
	for _, s := range subs {
		if !anyFree(s.candidates(n.ID), taken) {
			return full(n, s)
		}
	}
	return nil
}

func anyFree(all iter.Seq[netip.Addr], taken map[string]bool) bool {
	for a := range all {
		if !taken[a.String()] {
			return true
		}
	}
	return false
}
