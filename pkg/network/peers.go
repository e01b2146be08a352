package network

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// AddPeers adds hosts to a vxlan network, at once and for good. Idempotent. Kind
// invalid for a network of another driver, for what is no address, and for one whose
// subnets have no range of this host's own.
func (m *Manager) AddPeers(ctx context.Context, network string, peers ...string) error {
	return m.changePeers(ctx, network, func(n *record.Network, now []netip.Addr) ([]netip.Addr, error) {
		for _, s := range n.Subnets {
			if s.Range == "" {
				return nil, errs.New(errs.Invalid, "network %s: this host gives out every address of %s: make the network with --ip-range, another one on every host", n.Name, s.Subnet)
			}
		}
		more, err := peersOf(strings.Join(peers, ","))
		return append(now, more...), err
	})
}

// RemovePeers removes hosts from a vxlan network, with what was learned of what is
// behind them. Idempotent; kinds as of AddPeers.
func (m *Manager) RemovePeers(ctx context.Context, network string, peers ...string) error {
	return m.changePeers(ctx, network, func(_ *record.Network, now []netip.Addr) ([]netip.Addr, error) {
		less, err := peersOf(strings.Join(peers, ","))
		return slices.DeleteFunc(now, func(a netip.Addr) bool { return slices.Contains(less, a) }), err
	})
}

// Peers returns the other hosts of a vxlan network, in the order they were named.
func (m *Manager) Peers(network string) ([]string, error) {
	n, err := m.vxlan(network)
	if err != nil {
		return nil, err
	}
	all, err := peersOf(n.Options[OptPeers])
	return words(all), err
}

func words(addrs []netip.Addr) []string {
	var out []string
	for _, a := range addrs {
		out = append(out, a.String())
	}
	return out
}

func (m *Manager) vxlan(network string) (*record.Network, error) {
	n, err := m.Inspect(network)
	if err == nil && n.Driver != "vxlan" {
		err = errs.New(errs.Invalid, "network %s: a %s network has no peers", n.Name, n.Driver)
	}
	return n, err
}

// changePeers writes the record, then brings the link up to it: a command that is
// killed in between leaves that to the next join or reload.
func (m *Manager) changePeers(ctx context.Context, network string, edit func(*record.Network, []netip.Addr) ([]netip.Addr, error)) error {
	n, err := m.vxlan(network)
	if err != nil {
		return err
	}
	if err := m.writePeers(ctx, n, edit); err != nil {
		return err
	}
	return m.ensure(ctx, n)
}

func (m *Manager) writePeers(ctx context.Context, n *record.Network, edit func(*record.Network, []netip.Addr) ([]netip.Addr, error)) error {
	lock, err := m.s.Lock(ctx, "n", n.Name)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	now, err := m.s.Network(n.Name)
	if err != nil || now.ID != n.ID {
		return errs.New(errs.NotFound, "network %s: removed just now", n.Name)
	}
	have, err := peersOf(now.Options[OptPeers])
	if err != nil {
		return err
	}
	want, err := edit(now, have)
	if err != nil {
		return err
	}
	now.Options[OptPeers] = strings.Join(words(want), ",")
	if _, err := vxlanOptions(now.Options); err != nil {
		return err
	}
	return m.s.SetNetwork(now)
}
