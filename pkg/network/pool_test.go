package network

import (
	"net/netip"
	"testing"
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
	if s.start("x") != s.start("x") || s.start("x") >= 256 {
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
