package network

import (
	"context"
	"net/netip"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Gateway returns the host's own address in the network that target names, the
// IPv4 one where it has several; the default network is made if need be.
// Idempotent. A missing network gives kind not_found.
func (m *Manager) Gateway(ctx context.Context, target string) (string, error) {
	n, err := m.get(ctx, target)
	if err != nil {
		return "", err
	}
	for _, s := range n.Subnets {
		if a, err := netip.ParseAddr(s.Gateway); err == nil && a.Is4() {
			return s.Gateway, nil
		}
	}
	for _, s := range n.Subnets {
		if s.Gateway != "" {
			return s.Gateway, nil
		}
	}
	return "", errs.New(errs.Invalid, "network %s: this host has no address in it", n.Name)
}
