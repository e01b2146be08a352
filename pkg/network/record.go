package network

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// subnet is a record.Subnet understood.
type subnet struct {
	prefix  netip.Prefix
	gateway netip.Addr
	pool    netip.Prefix // addresses are given from here
}

// subnets understands the subnets of a record; one that cannot be understood
// gives kind corrupt.
func subnets(n *record.Network) ([]subnet, error) {
	var out []subnet
	for _, s := range n.Subnets {
		p, err := netip.ParsePrefix(s.Subnet)
		if err != nil {
			return nil, errs.New(errs.Corrupt, "network %s: %w", n.Name, err)
		}
		g, err := netip.ParseAddr(s.Gateway)
		if err != nil || !p.Contains(g) {
			return nil, errs.New(errs.Corrupt, "network %s: the gateway %q is not in %s", n.Name, s.Gateway, p)
		}
		sub := subnet{prefix: p.Masked(), gateway: g, pool: p.Masked()}
		if s.Range != "" {
			if sub.pool, err = netip.ParsePrefix(s.Range); err != nil {
				return nil, errs.New(errs.Corrupt, "network %s: %w", n.Name, err)
			}
		}
		out = append(out, sub)
	}
	return out, nil
}

// bridgeOf is the link of a network.
func (m *Manager) bridgeOf(n *record.Network) (netdev.Bridge, error) {
	subs, err := subnets(n)
	if err != nil {
		return netdev.Bridge{}, err
	}
	b := netdev.Bridge{Name: n.Bridge, Alias: m.alias(n.ID), MTU: mtu(n.Options)}
	for _, s := range subs {
		b.Addrs = append(b.Addrs, netip.PrefixFrom(s.gateway, s.prefix.Bits()))
	}
	return b, nil
}

func mtu(options map[string]string) int {
	v, err := strconv.Atoi(options[OptMTU])
	if err != nil {
		return 0
	}
	return v
}

// stamp names a network and the version of this build's rules.
func stamp(n *record.Network) string { return "1 " + n.Name + " " + n.ID[:12] }

func rulesOf(n *record.Network) (netdev.NetworkRules, error) {
	subs, err := subnets(n)
	if err != nil {
		return netdev.NetworkRules{}, err
	}
	r := netdev.NetworkRules{
		Stamp: stamp(n), Bridge: n.Bridge, Internal: n.Internal,
		Masquerade: !strings.EqualFold(n.Options[OptMasquerade], "false"),
	}
	for _, s := range subs {
		r.Subnets = append(r.Subnets, s.prefix)
	}
	return r, nil
}
