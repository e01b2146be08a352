package network

import (
	"context"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Connect adds a network to a container: at once when it runs, and to its
// record, so that it joins again at every start. A network it is in gives kind
// conflict.
func (m *Manager) Connect(ctx context.Context, container string, j record.Join) error {
	return m.change(ctx, container, func(c *record.Container) error {
		n, err := m.get(ctx, j.Network)
		if err != nil {
			return err
		}
		j.Network = n.Name
		if slices.ContainsFunc(c.Networks, func(o record.Join) bool { return canonical(o.Network) == n.Name || o.Network == n.ID }) {
			return errs.New(errs.Conflict, "endpoint with name %s already exists in network %s", c.Name, n.Name)
		}
		if m.live(c) {
			if err := m.connectNow(ctx, c, j); err != nil {
				return err
			}
		}
		c.Networks = append(c.Networks, j)
		if c.NetworkMode == "none" {
			c.NetworkMode = n.Name
		}
		return nil
	})
}

// connectNow has a running container join a network.
func (m *Manager) connectNow(ctx context.Context, c *record.Container, j record.Join) error {
	before := m.resolvOf(c)
	// One that was killed may have left an interface that is half made.
	if err := m.Detach(ctx, j.Network, m.s.Netns(c.ID)); err != nil {
		return err
	}
	o := AttachOpts{Container: c.ID, Netns: m.s.Netns(c.ID), Join: j, Names: []string{c.Name, c.Host.Hostname}}
	if _, err := m.Attach(ctx, o); err != nil {
		return err
	}
	if err := m.republish(ctx, c.ID, ""); err != nil {
		return err
	}
	return m.followNames(c, before)
}

// Disconnect takes a network away from a container: at once when it runs, and
// from its record. Its published ports go on by another of its networks, if one
// has a way out. One it is not in gives kind not_found.
func (m *Manager) Disconnect(ctx context.Context, container, network string) error {
	return m.change(ctx, container, func(c *record.Container) error {
		n, err := m.Inspect(network)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(c.Networks, func(o record.Join) bool { return canonical(o.Network) == n.Name || o.Network == n.ID })
		if i < 0 {
			return errs.New(errs.NotFound, "container %s is not connected to network %s", c.Name, n.Name)
		}
		if m.live(c) {
			before := m.resolvOf(c)
			if err := m.republish(ctx, c.ID, n.Name); err != nil {
				return err
			}
			if err := m.Detach(ctx, n.Name, m.s.Netns(c.ID)); err != nil {
				return err
			}
			if err := m.followNames(c, before); err != nil {
				return err
			}
		}
		c.Networks = slices.Delete(c.Networks, i, i+1)
		c.NetworkMode = "none"
		if len(c.Networks) > 0 {
			c.NetworkMode = c.Networks[0].Network
		}
		return nil
	})
}

// Evict takes what is left of a container that is there no more out of a network:
// who is its id or a name by which it was known there. Idempotent.
func (m *Manager) Evict(ctx context.Context, network, who string) error {
	n, err := m.Inspect(network)
	if err != nil {
		return err
	}
	var gone []string
	err = m.free(ctx, n.Name, func(l *record.Lease) bool {
		_, err := m.s.Container(l.Container)
		return l.Container != "" && errs.Is(err, errs.NotFound) && (l.Container == who || slices.Contains(l.Names, who))
	}, func(l *record.Lease) { gone = append(gone, l.Container) })
	if err != nil || len(gone) == 0 {
		return err
	}
	m.left(n.Name, gone...)
	return m.refreshHosts(ctx, n.Name)
}

// change lets edit alter the record of a container, with its lock held.
func (m *Manager) change(ctx context.Context, container string, edit func(*record.Container) error) (err error) {
	id, err := m.s.ResolveContainer(container)
	if err != nil {
		return err
	}
	lock, err := m.s.Lock(ctx, "c", id)
	if err != nil {
		return err
	}
	defer func() {
		if left := m.handBack(ctx, lock, id); err == nil {
			err = left
		}
	}()
	c, err := m.s.Container(id)
	if err != nil {
		return err
	}
	mode, _, _ := strings.Cut(c.NetworkMode, ":")
	switch mode {
	case "host", "container", "ns":
		return errs.New(errs.Invalid, "container %s: it shares another network namespace (%s) and cannot change its networks", c.Name, c.NetworkMode)
	case "none":
	default:
		if len(c.Networks) == 0 {
			c.Networks = []record.Join{{Network: c.NetworkMode}}
		}
	}
	if mode == "none" && m.running(id) && !m.live(c) {
		return errs.New(errs.Invalid, "container %s: it runs without networks (none): stop it first", c.Name)
	}
	if err := edit(c); err != nil {
		return err
	}
	return m.s.SetContainer(c)
}

// live reports whether the container has its network namespace now.
func (m *Manager) live(c *record.Container) bool {
	_, err := netdev.NetnsInode(m.s.Netns(c.ID))
	return err == nil
}

func (m *Manager) running(id string) bool {
	st, err := m.s.State(id)
	return err == nil && (st.Status == record.Running || st.Status == record.Paused || st.Status == record.Restarting)
}
