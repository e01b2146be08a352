package network

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// damagedLease is the kind of a lease that cannot be read: it keeps its address
// as long as the container that has it may live.
const damagedLease = "damaged address"

// damagedLeases lists the leases that cannot be read.
func (m *Manager) damagedLeases() ([]Leftover, error) {
	nets, err := m.s.LeaseNetworks()
	if err != nil {
		return nil, err
	}
	var out []Leftover
	for _, n := range nets {
		ips, err := m.s.Leases(n)
		if err != nil {
			return nil, err
		}
		for _, ip := range ips {
			if _, err := m.s.Lease(n, ip); errs.Is(err, errs.Corrupt) {
				out = append(out, Leftover{damagedLease, n + " " + ip, n, err.Error()})
			}
		}
	}
	return out, nil
}

// spare takes out of links those of living containers: one of the damaged
// leases may be theirs, and while that is so none of these ends.
func spare(links, damaged []Leftover, alive func(id string) bool) (strays, free []Leftover) {
	for _, l := range links {
		if !alive(l.Owner) {
			strays = append(strays, l)
		}
	}
	if len(strays) < len(links) {
		return strays, nil
	}
	return strays, damaged
}

// freeDamaged gives a damaged lease back.
func (m *Manager) freeDamaged(ctx context.Context, l Leftover) error {
	network, ip, _ := strings.Cut(l.Name, " ")
	lock, err := m.s.LockLeases(ctx, network)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if _, err := m.s.Lease(network, ip); !errs.Is(err, errs.Corrupt) {
		return nil
	}
	return m.s.RemoveLease(network, ip)
}
