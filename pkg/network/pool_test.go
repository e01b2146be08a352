package network

import (
	"net/netip"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

func sub(prefix, gateway, pool string) subnet {
	return subnet{prefix: netip.MustParsePrefix(prefix), gateway: netip.MustParseAddr(gateway), pool: netip.MustParsePrefix(pool)}
}

func TestUsable(t *testing.T) {
	s := sub("10.0.0.0/29", "10.0.0.1", "10.0.0.0/29")
	for a, want := range map[string]bool{
		"10.0.0.0": false, "10.0.0.1": false, "10.0.0.2": true, "10.0.0.6": true, "10.0.0.7": false, "10.0.0.8": false, "fd00::2": false,
	} {
		if got := s.usable(netip.MustParseAddr(a)); got != want {
			t.Errorf("%s: %v", a, got)
		}
	}
	six := sub("fd00::/64", "fd00::1", "fd00::/64")
	for a, want := range map[string]bool{"fd00::": false, "fd00::1": false, "fd00::2": true, "fd00::ffff:ffff:ffff:ffff": true, "fd01::2": false} {
		if got := six.usable(netip.MustParseAddr(a)); got != want {
			t.Errorf("%s: %v", a, got)
		}
	}
}

func TestPoolArithmetic(t *testing.T) {
	if got := plus(netip.MustParseAddr("10.0.0.255"), 2); got.String() != "10.0.1.1" {
		t.Error(got)
	}
	if got := plus(netip.MustParseAddr("fd00::ffff:ffff:ffff:ffff"), 1); got.String() != "fd00:0:0:1::" {
		t.Error(got)
	}
	if got := last(netip.MustParsePrefix("10.0.0.0/22")); got.String() != "10.0.3.255" {
		t.Error(got)
	}
	for p, want := range map[string]uint64{"10.0.0.0/24": 256, "10.0.0.0/32": 1, "fd00::/64": maxPool, "fd00::/120": 256} {
		if got := (subnet{pool: netip.MustParsePrefix(p)}).size(); got != want {
			t.Errorf("%s: %d", p, got)
		}
	}
	s := sub("10.0.0.0/24", "10.0.0.1", "10.0.0.0/24")
	if first, second := s.start("x"), s.start("x"); first != second || first >= 256 {
		t.Error("start is not stable or not in the pool")
	}
}

func TestFreeSubnet(t *testing.T) {
	used := []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/1"), netip.MustParsePrefix("128.0.0.0/1"), // a VPN's default route
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.30.0.0/23"), netip.MustParsePrefix("172.30.2.9/32"),
	}
	if p, err := freeSubnet4(used); err != nil || p.String() != "172.30.3.0/24" {
		t.Errorf("%v %v", p, err)
	}
	if p, err := freeSubnet4(append(used, netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"))); err == nil {
		t.Errorf("got %v where nothing is free", p)
	}
	a, err := freeSubnet6(idOf("n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := freeSubnet6(idOf("n"), []netip.Prefix{a}); err != nil || b.Overlaps(a) {
		t.Errorf("%v %v, taken is %v", b, err, a)
	}
}

func TestPools(t *testing.T) {
	for env, want := range map[string]string{
		"":                                "10.83.0.0/24",
		"10.9.0.0/16":                     "10.9.0.0/24",
		"10.9.0.0/16:28, 10.10.0.0/16":    "10.9.0.0/28",
		"10.9.0.8/30":                     "10.9.0.8/30",
		"10.9.0.0/24:16":                  "",
		"fd00::/48":                       "",
		"10.9.0.0/16:x":                   "",
		"0.0.0.0/0":                       "",
		"10.9.0.0":                        "",
		"10.9.0.0/16:31":                  "",
		"192.0.2.0/30,198.51.100.0/29:29": "192.0.2.0/30",
	} {
		t.Setenv(PoolsEnv, env)
		p, err := freeSubnet4(nil)
		if (err == nil) != (want != "") || err == nil && p.String() != want {
			t.Errorf("%q: %v %v, want %q", env, p, err, want)
		}
	}
	t.Setenv(PoolsEnv, "10.9.0.0/29:30,255.255.255.252/30")
	used := []netip.Prefix{netip.MustParsePrefix("10.9.0.0/30")}
	for _, want := range []string{"10.9.0.4/30", "255.255.255.252/30"} {
		p, err := freeSubnet4(used)
		if err != nil || p.String() != want {
			t.Errorf("%v %v, want %s", p, err, want)
		}
		used = append(used, p)
	}
	if _, err := freeSubnet4(used); !errs.Is(err, errs.Unavailable) {
		t.Errorf("pools without a free subnet: %v", err)
	}
}
