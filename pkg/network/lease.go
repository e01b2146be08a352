package network

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// take leases an address of subnet s: the one asked for, or a free one.
func (m *Manager) take(ctx context.Context, n *record.Network, s subnet, l *record.Lease, address string) (netip.Addr, error) {
	if address == "" {
		return m.takeFree(ctx, n, s, l)
	}
	a, err := s.askedFor(n, address)
	if err != nil {
		return a, err
	}
	return a, m.insist(ctx, n, a, l)
}

// insist leases an address that somebody else has chosen; a lease of it whose holder is
// gone is out of date.
func (m *Manager) insist(ctx context.Context, n *record.Network, a netip.Addr, l *record.Lease) error {
	ok, err := m.claim(ctx, n, a, l)
	if err == nil && !ok {
		if _, err = m.reap(ctx, n.Name); err == nil {
			ok, err = m.claim(ctx, n, a, l)
		}
	}
	if err == nil && !ok && m.awaitEnded(ctx, n.Name, func(x netip.Addr) bool { return x == a }) {
		ok, err = m.claim(ctx, n, a, l)
	}
	if err == nil && !ok {
		err = m.addressTaken(n, a)
	}
	return err
}

// askedFor is the address that the caller names.
func (s subnet) askedFor(n *record.Network, text string) (netip.Addr, error) {
	a, err := netip.ParseAddr(text)
	if err != nil || !s.usable(a) {
		return a, errs.New(errs.Invalid, "network %s: the address %s is not one that a container can have in %s", n.Name, text, s.prefix)
	}
	return a, nil
}

func (m *Manager) addressTaken(n *record.Network, a netip.Addr) error {
	return errs.New(errs.Conflict, "network %s: the address %s is already in use%s", n.Name, a, m.by(n.Name, a))
}

func full(n *record.Network, s subnet) error {
	return errs.New(errs.Unavailable, "network %s: no free address in %s: remove containers, or create a larger network", n.Name, s.pool)
}

func (m *Manager) by(network string, a netip.Addr) string {
	l, err := m.s.Lease(network, a.String())
	if err != nil || len(l.Names) == 0 {
		return ""
	}
	return " by " + l.Names[0]
}

// takeFree tries one address first, without a look at the others.
func (m *Manager) takeFree(ctx context.Context, n *record.Network, s subnet, l *record.Lease) (netip.Addr, error) {
	first := s.at(s.start(who(l)))
	if s.usable(first) {
		if ok, err := m.claim(ctx, n, first, l); ok || err != nil {
			return first, err
		}
	}
	for round := 0; ; round++ {
		a, ok, err := m.search(ctx, n, s, l)
		if ok || err != nil {
			return a, err
		}
		freed, err := m.reap(ctx, n.Name)
		if err != nil {
			return a, err
		}
		if freed == 0 && !m.awaitEnded(ctx, n.Name, s.pool.Contains) || round > 3 {
			return a, full(n, s)
		}
	}
}

// search tries every address that is not known to be taken.
func (m *Manager) search(ctx context.Context, n *record.Network, s subnet, l *record.Lease) (netip.Addr, bool, error) {
	ips, err := m.s.Leases(n.Name)
	if err != nil {
		return netip.Addr{}, false, err
	}
	taken := make(map[string]bool, len(ips))
	for _, ip := range ips {
		taken[ip] = true
	}
	for a := range s.candidates(who(l)) {
		if taken[a.String()] {
			continue
		}
		if ok, err := m.claim(ctx, n, a, l); ok || err != nil {
			return a, ok, err
		}
	}
	return netip.Addr{}, false, nil
}

// who asks for a lease's address.
func who(l *record.Lease) string { return l.Container + l.Netns + l.Iface }

// claim takes address a unless somebody has it. What the same container has
// left of an earlier run counts as its own. The MAC address follows from the
// first address, unless one was asked for: who gets an address just after
// another had it is not hidden by what the neighbours remember (the kernel
// keeps an ARP entry against change for net.ipv4.neigh.*.locktime).
func (m *Manager) claim(ctx context.Context, n *record.Network, a netip.Addr, l *record.Lease) (bool, error) {
	with := *l
	with.MAC = macFor(n, a, l.MAC)
	ok, err := m.claimAs(ctx, n, a, &with)
	if ok {
		*l = with
	}
	return ok, err
}

func macFor(n *record.Network, a netip.Addr, asked string) string {
	if d, err := driverOf(n.Driver); asked != "" || err != nil || !d.traits().ownMAC {
		return asked
	}
	return netdev.HashMAC(n.ID, a.String())
}

func (m *Manager) claimAs(ctx context.Context, n *record.Network, a netip.Addr, l *record.Lease) (bool, error) {
	err := m.s.CreateLease(n.Name, a.String(), l)
	if errors.Is(err, fs.ErrNotExist) { // a removal is under way, or one was killed
		if err := m.ensure(ctx, n); err != nil {
			return false, err
		}
		err = m.s.CreateLease(n.Name, a.String(), l)
	}
	if !errors.Is(err, fs.ErrExist) {
		return err == nil, err
	}
	old, err := m.s.Lease(n.Name, a.String())
	if err != nil || old.Netns != l.Netns || old.Iface != l.Iface {
		return false, nil //nolint:nilerr // one that cannot be read is somebody else's
	}
	return true, m.s.ReplaceLease(n.Name, a.String(), l)
}

// dead says why nobody has a lease any more, or "".
func (m *Manager) dead(l *record.Lease) string {
	if isEnding(l) && !proc.Alive(l.Ending) {
		return "the command that gave it back was killed"
	}
	if !m.holds(l) {
		return "its network namespace is gone"
	}
	if l.Container != "" && !proc.Alive(l.Owner) {
		if _, err := m.s.Container(l.Container); errs.Is(err, errs.NotFound) {
			return "its container is gone"
		}
	}
	return ""
}

func isEnding(l *record.Lease) bool { return l.Ending.Pid != 0 }

// reap frees the addresses of a network whose holders are gone.
func (m *Manager) reap(ctx context.Context, network string) (freed int, err error) {
	err = m.free(ctx, network, func(l *record.Lease) bool { return m.dead(l) != "" }, func(*record.Lease) { freed++ })
	return freed, err
}

// free gives leases back: it marks them, then goes the interface that carries the
// address, then the rules that lead to it, last the address. It is the only place
// where leases end. The kernel takes its time to remove an interface, so that is done
// without the lock; the mark makes sure that nobody's new lease goes.
func (m *Manager) free(ctx context.Context, network string, ends func(*record.Lease) bool, told func(*record.Lease)) error {
	ending, err := m.mark(ctx, network, ends)
	if err != nil || len(ending) == 0 {
		return err
	}
	m.endForeign(ctx, ending)
	for _, e := range ending {
		if err := m.unplug(ctx, network, e.lease); err != nil {
			return err
		}
	}
	if err := m.unpublish(ctx, ending); err != nil {
		return err
	}
	if err := m.giveBack(ctx, network, ending, told); err != nil {
		return err
	}
	m.endLent(ctx, ending)
	return nil
}

// mark marks the leases that end, and returns them. Without the folder of leases
// there are none.
func (m *Manager) mark(ctx context.Context, network string, ends func(*record.Lease) bool) ([]member, error) {
	lock, err := m.s.LockLeases(ctx, network)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	self, err := proc.Self()
	if err != nil {
		return nil, err
	}
	out, err := m.ending(network, ends)
	for _, e := range out {
		e.lease.Ending = self
		if err := m.s.ReplaceLease(network, e.addr.String(), e.lease); err != nil {
			return nil, err
		}
	}
	return out, err
}

func (m *Manager) ending(network string, ends func(*record.Lease) bool) ([]member, error) {
	var out []member
	err := m.eachLease(network, func(a netip.Addr, l *record.Lease) error {
		if ends(l) {
			out = append(out, member{network, a, l})
		}
		return nil
	})
	return out, err
}

// giveBack removes the leases that still have the mark: another command may have
// done it, and the address be somebody else's.
func (m *Manager) giveBack(ctx context.Context, network string, ending []member, told func(*record.Lease)) error {
	lock, err := m.s.LockLeases(ctx, network)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer lock.Unlock()
	for _, e := range ending {
		now, err := m.s.Lease(network, e.addr.String())
		if errs.Is(err, errs.NotFound) || err == nil && !(isEnding(now) && sameIface(e.lease)(now)) {
			continue
		}
		if err != nil {
			return err
		}
		if err := m.s.RemoveLease(network, e.addr.String()); err != nil {
			return err
		}
		told(e.lease)
	}
	if strings.HasPrefix(network, cniPrefix) { // the folder has no record to go with
		if err := m.s.RemoveLeases(network); !errs.Is(err, errs.InUse) {
			return err
		}
	}
	return nil
}

// unpublish takes the rules away that lead to leases that end.
func (m *Manager) unpublish(ctx context.Context, ending []member) error {
	var flows []member
	for _, e := range ending {
		if len(e.lease.Ports) > 0 {
			flows = append(flows, e)
		}
	}
	if len(flows) == 0 {
		return nil
	}
	if err := m.render(ctx); err != nil {
		return err
	}
	return forgetUDP(flows)
}

func forgetUDP(flows []member) error {
	for _, f := range flows {
		for _, p := range f.lease.Ports {
			if p.Protocol != "udp" {
				continue
			}
			if err := netdev.ForgetUDP(f.addr, p.HostPort); err != nil {
				return err
			}
		}
	}
	return nil
}
