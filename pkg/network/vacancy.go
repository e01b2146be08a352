package network

import (
	"iter"
	"net/netip"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// full tells the first subnet of a network that has no address left which somebody
// could have; those of who is gone are free. Kind unavailable.
func (m *Manager) full(n *record.Network) error {
	subs, err := subnets(n)
	if err != nil {
		return err
	}
	taken := map[string]bool{}
	err = m.eachLease(n.Name, func(a netip.Addr, l *record.Lease) error {
		taken[a.String()] = m.dead(l) == ""
		return nil
	})
	if err != nil {
		return err
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
