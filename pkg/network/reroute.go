package network

import (
	"errors"
	"net/netip"
	"sort"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// reroute gives a namespace a default route, unless it has one: by its network
// of the greatest priority that has a way out, of several by the first.
func (m *Manager) reroute(netns string) error {
	all, err := m.everyone()
	if err != nil {
		return err
	}
	var own []member
	for _, e := range all {
		if e.lease.Netns == netns {
			own = append(own, e)
		}
	}
	sort.SliceStable(own, func(i, j int) bool { return leadsBefore(own[i].lease, own[j].lease) })
	for _, e := range own {
		g, err := m.wayOut(e)
		if err != nil {
			return err
		}
		if g.IsValid() {
			err = netdev.AddDefaultRoutes(netns, e.lease.Iface, []netip.Addr{g})
		}
		// An interface may be half made by a command that was killed.
		if err != nil && !errs.Is(err, errs.NotFound) && !errors.Is(err, unix.ENETUNREACH) {
			return err
		}
	}
	return nil
}

// leadsBefore orders the leases of one namespace by whose default route it has.
func leadsBefore(a, b *record.Lease) bool {
	if a.Priority != b.Priority {
		return a.Priority > b.Priority
	}
	return beforeIface(a.Iface, b.Iface)
}

// wayOut is the gateway of a member's default route; the zero one when it has none
// that others could take over: one with a metric of its own it has beside them.
func (m *Manager) wayOut(e member) (netip.Addr, error) {
	n, err := m.known(e.network)
	if err != nil || n.Internal {
		return netip.Addr{}, ignoreGone(err)
	}
	if has, metric, err := routing(n.Options); err != nil || !has || metric > 0 {
		return netip.Addr{}, nil //nolint:nilerr // a broken record leads nowhere
	}
	subs, err := subnets(n)
	if err != nil {
		return netip.Addr{}, nil //nolint:nilerr // as above
	}
	for _, s := range subs {
		if s.prefix.Contains(e.addr) {
			return s.gateway, nil
		}
	}
	return netip.Addr{}, nil
}

func ignoreGone(err error) error {
	if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Corrupt) {
		return nil
	}
	return err
}
