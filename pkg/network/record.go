package network

import (
	"net/netip"
	"strconv"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// subnet is a record.Subnet understood.
type subnet struct {
	prefix  netip.Prefix
	gateway netip.Addr
	pool    netip.Prefix // addresses are given from here

	reserved []netip.Addr // nobody is given these
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
		sub := subnet{prefix: p.Masked(), pool: p.Masked()}
		if s.Gateway != "" {
			if sub.gateway, err = netip.ParseAddr(s.Gateway); err != nil || !p.Contains(sub.gateway) {
				return nil, errs.New(errs.Corrupt, "network %s: the gateway %q is not in %s", n.Name, s.Gateway, p)
			}
		}
		for _, r := range s.Reserved {
			if a, err := netip.ParseAddr(r); err == nil {
				sub.reserved = append(sub.reserved, a)
			}
		}
		if s.Range != "" {
			if sub.pool, err = netip.ParsePrefix(s.Range); err != nil {
				return nil, errs.New(errs.Corrupt, "network %s: %w", n.Name, err)
			}
		}
		out = append(out, sub)
	}
	return out, nil
}

func mtu(options map[string]string) int {
	v, err := strconv.Atoi(options[OptMTU])
	if err != nil {
		return 0
	}
	return v
}

// stamp names a network and the version of this build's rules.
func stamp(n *record.Network) string { return "3 " + n.Name + " " + n.ID[:12] }
