package network

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// isForeign reports whether a driver is none of Pouch's own.
func isForeign(name string) bool {
	d, err := driverOf(name)
	if err != nil {
		return false
	}
	_, is := d.(foreignDriver)
	return is
}

// makeEndpoint has a foreign driver make e, whose record is durable before. What
// an earlier life of it has left is undone first. On failure nothing is left that
// gc would not find.
func (m *Manager) makeEndpoint(ctx context.Context, e *record.Endpoint) (*ForeignAnswer, error) {
	lock, err := m.s.LockEndpoint(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	if err := m.undoEndpoint(ctx, e.ID, e.Iface); err != nil {
		return nil, err
	}
	if e.BootID, err = proc.BootID(); err != nil {
		return nil, err
	}
	if err := m.s.SetEndpoint(e); err != nil {
		return nil, err
	}
	a, err := m.makes(ctx, ForeignAdd, e)
	switch {
	case err == nil:
		return a, nil
	case a != nil && a.Untouched:
		return nil, errors.Join(err, m.s.RemoveEndpoint(e.ID, e.Iface))
	}
	return nil, errors.Join(err, m.undoEndpoint(context.WithoutCancel(ctx), e.ID, e.Iface))
}

// endEndpoint has a foreign driver undo what it made. When that fails the endpoint
// stays, for gc to try it again, and the failure is told: a driver that is broken
// must not keep a container. Idempotent.
func (m *Manager) endEndpoint(ctx context.Context, id, iface string) {
	lock, err := m.s.LockEndpoint(ctx, id)
	if err == nil {
		err = m.undoEndpoint(ctx, id, iface)
		lock.Unlock()
	}
	if err != nil {
		slog.Warn("a network driver could not undo what it made; the next gc asks it again", "interface", iface, "of", shorten(id), "error", err)
	}
}

// undoEndpoint is endEndpoint with the lock held, and returns the failure.
func (m *Manager) undoEndpoint(ctx context.Context, id, iface string) error {
	e, err := m.s.Endpoint(id, iface)
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	asked := *e
	if ino, err := netdev.NetnsInode(e.Netns); err != nil || ino != e.NetnsInode || !m.thisBoot(e) {
		asked.Netns = "" // gone: it may be another one's by now
	}
	if _, err := m.makes(ctx, ForeignDel, &asked); err != nil {
		e.Error = err.Error()
		return errors.Join(err, m.s.SetEndpoint(e))
	}
	return m.s.RemoveEndpoint(id, iface)
}

func (m *Manager) thisBoot(e *record.Endpoint) bool {
	boot, err := proc.BootID()
	return err == nil && e.BootID == boot
}

// madeEndpoint notes that the leases of an endpoint are there.
func (m *Manager) madeEndpoint(e *record.Endpoint) error {
	e.Made = true
	return m.s.SetEndpoint(e)
}

// endForeign undoes the interfaces of the leases that end and that foreign drivers
// made.
func (m *Manager) endForeign(ctx context.Context, ending []member) {
	done := map[string]bool{}
	for _, e := range ending {
		l := e.lease
		id := key(l.Container, l.Netns, l.NetnsInode)
		if !isForeign(l.Driver) || done[id+l.Iface] {
			continue
		}
		done[id+l.Iface] = true
		m.endEndpoint(ctx, id, l.Iface)
	}
}

// endEndpoints undoes all that foreign drivers made for a container, also what a
// killed command has not written leases of. It returns what there was; what is only
// lent stays until its interface is gone.
func (m *Manager) endEndpoints(ctx context.Context, id string) ([]string, error) {
	names, err := m.s.EndpointNames(id)
	for _, name := range names {
		id, iface, _ := strings.Cut(name, "-")
		if !isGiven(iface) {
			m.endEndpoint(ctx, id, iface)
		}
	}
	return names, err
}

// strayEndpoint is the kind of what a foreign driver made for nobody any more.
const strayEndpoint = "endpoint"

// strayEndpoints lists what foreign drivers made, or were about to make when
// somebody was killed, for who is gone.
func (m *Manager) strayEndpoints(alive func(string) bool) ([]Leftover, error) {
	names, err := m.s.EndpointNames("")
	var out []Leftover
	for _, name := range names {
		id, iface, _ := strings.Cut(name, "-")
		e, err := m.s.Endpoint(id, iface)
		if errs.Is(err, errs.NotFound) {
			continue
		}
		reason := ""
		if err != nil {
			reason = "its record is damaged: " + err.Error()
		} else {
			reason = m.endpointDead(e, alive)
		}
		if reason != "" {
			out = append(out, Leftover{strayEndpoint, name, id, reason})
		}
	}
	return out, err
}

// endpointDead says why nobody has an endpoint any more, or "".
func (m *Manager) endpointDead(e *record.Endpoint, alive func(string) bool) string {
	if isGiven(e.Iface) {
		return m.givenDead(e, alive)
	}
	if e.Iface == networkIface {
		n, err := m.s.Network(e.Network)
		if errs.Is(err, errs.NotFound) || err == nil && n.ID != e.ID {
			return "no such network"
		}
		return ""
	}
	reason := ""
	ino, err := netdev.NetnsInode(e.Netns)
	switch {
	case !e.Made && proc.Alive(e.Owner):
		return "" // being made
	case !m.thisBoot(e):
		reason = "the machine was restarted"
	case err != nil || ino != e.NetnsInode:
		reason = "its network namespace is gone"
	case e.Container != "" && !alive(e.Container):
		reason = "no such container"
	case !e.Made:
		reason = "the command that made it was killed"
	case e.Error != "":
		reason = "it was to be undone"
	}
	if reason != "" && e.Error != "" {
		reason += ": " + e.Error
	}
	return reason
}

// cleanEndpoint undoes one; a damaged record says nothing that could be undone,
// and goes.
func (m *Manager) cleanEndpoint(ctx context.Context, name string) error {
	id, iface, _ := strings.Cut(name, "-")
	lock, err := m.s.LockEndpoint(ctx, id)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if _, err := m.s.Endpoint(id, iface); errs.Is(err, errs.Corrupt) {
		return m.s.RemoveEndpoint(id, iface)
	}
	if isGiven(iface) {
		return m.cleanGiven(ctx, id, iface)
	}
	if iface == networkIface {
		return m.undoNetwork(ctx, id)
	}
	return m.undoEndpoint(ctx, id, iface)
}

// usedCNI reports whether a folder of leases is one of a CNI network's that
// somebody is in: it goes with its last lease.
func (m *Manager) usedCNI(network string) bool {
	ips, err := m.s.Leases(network)
	return strings.HasPrefix(network, cniPrefix) && (err != nil || len(ips) > 0)
}
