package network

import (
	"encoding/hex"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// PoolsEnv names the environment variable that says from which ranges new
// networks take their subnets: BASE[:BITS],…, as 10.0.0.0/8:24. Without BITS it is a /24.
const PoolsEnv = "POUCH_NETWORK_POOLS"

// pool is a range of which new networks take subnets of a size.
type pool struct {
	base netip.Prefix
	bits int
}

const poolBits = 24

// pools are the ranges in the order in which they are used. Unless told otherwise
// they are ones that neither docker, podman, libvirt nor Kubernetes use by default.
func pools(env string) ([]pool, error) {
	if env == "" {
		env = "10.83.0.0/16,172.30.0.0/16,192.168.192.0/18"
	}
	var out []pool
	for s := range strings.SplitSeq(env, ",") {
		base, size, sized := strings.Cut(strings.TrimSpace(s), ":")
		p, err := netip.ParsePrefix(base)
		bits := max(poolBits, p.Bits())
		if err == nil && sized {
			bits, err = strconv.Atoi(size)
		}
		if err != nil || !p.Addr().Is4() || p.Bits() < 4 || bits < p.Bits() || bits > 30 {
			return nil, errs.New(errs.Invalid, "%s: %q: want IPv4 ranges and the size of a network, as 10.0.0.0/8:24", PoolsEnv, s)
		}
		out = append(out, pool{p.Masked(), bits})
	}
	return out, nil
}

// freeSubnet4 returns the first subnet of the pools that overlaps nothing of used.
func freeSubnet4(used []netip.Prefix) (netip.Prefix, error) {
	all, err := pools(os.Getenv(PoolsEnv))
	if err != nil {
		return netip.Prefix{}, err
	}
	for _, pool := range all {
		step := uint64(1) << (32 - pool.bits)
		for a := pool.base.Addr(); pool.base.Contains(a); a = plus(a, step) {
			p := netip.PrefixFrom(a, pool.bits)
			if overlapping(p, used) == nil {
				return p, nil
			}
		}
	}
	return netip.Prefix{}, errs.New(errs.Unavailable, "choose a subnet: every one of the pools overlaps a route of this host or a network: give one with --subnet, or other pools with %s", PoolsEnv)
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
