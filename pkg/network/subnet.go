package network

import (
	"encoding/hex"
	"net/netip"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// pools are the ranges from which new networks take a /24, in this order: ones
// that neither docker, podman, libvirt nor Kubernetes use by default.
func pools() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("10.83.0.0/16"),
		netip.MustParsePrefix("172.30.0.0/16"),
		netip.MustParsePrefix("192.168.192.0/18"),
	}
}

// freeSubnet4 returns the first /24 that overlaps nothing of used.
func freeSubnet4(used []netip.Prefix) (netip.Prefix, error) {
	for _, pool := range pools() {
		for a := pool.Addr(); pool.Contains(a); a = plus(a, 256) {
			p := netip.PrefixFrom(a, 24)
			if overlapping(p, used) == nil {
				return p, nil
			}
		}
	}
	return netip.Prefix{}, errs.New(errs.Unavailable, "choose a subnet: every one of the default pools overlaps a route of this host or a network: give one with --subnet")
}

// freeSubnet6 returns a unique local /64 that follows from the network's id
// (RFC 4193 §3.2 asks for a random one) and overlaps nothing of used.
func freeSubnet6(id string, used []netip.Prefix) (netip.Prefix, error) {
	for id := id; ; id = digest(id) {
		b := [16]byte{0: 0xfd}
		if _, err := hex.Decode(b[1:8], []byte(id[:14])); err != nil {
			return netip.Prefix{}, err
		}
		if p := netip.PrefixFrom(netip.AddrFrom16(b), 64); overlapping(p, used) == nil {
			return p, nil
		}
	}
}

// overlapping returns the first of used that overlaps p, or nil. Routes that
// cover an eighth of the world or more (VPNs split the default route so) do not
// count.
func overlapping(p netip.Prefix, used []netip.Prefix) *netip.Prefix {
	for i, u := range used {
		if u.Bits() > 3 && u.Overlaps(p) {
			return &used[i]
		}
	}
	return nil
}
