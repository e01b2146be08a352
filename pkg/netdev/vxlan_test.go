package netdev

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
)

func addrs(words ...string) []netip.Addr {
	var out []netip.Addr
	for _, w := range words {
		out = append(out, netip.MustParseAddr(w))
	}
	return out
}

func TestVXLANHasExactlyItsPeers(t *testing.T) {
	nettest.Need(t)
	for _, family := range [][]string{{"10.1.1.1", "10.1.1.2", "10.1.1.3"}, {"fd00::1", "fd00::2", "fd00::3"}} {
		cable(t, "par0", "far0")
		a := addrs(family...)
		nettest.Run(t, "", "ip", "addr", "add", family[0]+"/24", "dev", "par0")
		bridge(t, "br0", "10.2.2.1/24")
		t.Cleanup(func() { DeleteLink("px0") })
		v := VXLAN{Name: "px0", Alias: "test", Master: "br0", VNI: 42, Port: 4789, Peers: a[1:], MTU: 1430}
		for range 2 {
			if err := EnsureVXLAN(v); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range [][]netip.Addr{a[1:], a[2:], a[1:2], nil} {
			v.Peers = want
			if err := EnsureVXLAN(v); err != nil {
				t.Fatal(err)
			}
			got, err := VXLANPeers("px0")
			if slices.SortFunc(got, netip.Addr.Compare); err != nil || !slices.Equal(got, want) {
				t.Errorf("peers %v %v, want %v", got, err, want)
			}
		}
		out := nettest.Run(t, "", "ip", "-d", "link", "show", "px0")
		for _, want := range []string{"vxlan id 42", "dstport 4789", "master br0", "mtu 1430", "alias test", "group default", "state UNKNOWN"} {
			if !strings.Contains(out, want) {
				t.Errorf("no %q in %s", want, out)
			}
		}
		v.Name, v.Peers = "px1", a[1:]
		t.Cleanup(func() { DeleteLink("px1") })
		if err := EnsureVXLAN(v); !errs.Is(err, errs.Conflict) || !strings.Contains(err.Error(), "VNI 42") {
			t.Errorf("the same VNI again: %v", err)
		}
		v.Name, v.Alias = "px0", "another"
		if err := EnsureVXLAN(v); !errs.Is(err, errs.Conflict) {
			t.Errorf("a link of somebody else: %v", err)
		}
		for _, l := range []string{"px0", "br0", "par0"} {
			DeleteLink(l)
		}
	}
}

// The first peer tells the family of a link that was made without.
func TestVXLANChangesItsFamily(t *testing.T) {
	nettest.Need(t)
	bridge(t, "br0", "10.2.2.1/24")
	t.Cleanup(func() { DeleteLink("px0") })
	v := VXLAN{Name: "px0", Alias: "test", Master: "br0", VNI: 42, Port: 4789}
	for _, want := range [][]netip.Addr{nil, addrs("fd00::2", "fd00::3"), nil, addrs("10.1.1.2")} {
		v.Peers = want
		if err := EnsureVXLAN(v); err != nil {
			t.Fatalf("%v: %v", want, err)
		}
		got, err := VXLANPeers("px0")
		if slices.SortFunc(got, netip.Addr.Compare); err != nil || !slices.Equal(got, want) {
			t.Errorf("peers %v %v, want %v", got, err, want)
		}
	}
}

func TestPathMTU(t *testing.T) {
	nettest.Need(t)
	cable(t, "par0", "far0")
	nettest.Run(t, "", "ip", "addr", "add", "10.1.1.1/24", "dev", "par0")
	nettest.Run(t, "", "ip", "link", "set", "par0", "mtu", "9000")
	if got := PathMTU(netip.MustParseAddr("10.1.1.9")); got != 9000 {
		t.Errorf("to a neighbour: %d", got)
	}
	if got := PathMTU(netip.MustParseAddr("192.0.2.1")); got != defaultMTU {
		t.Errorf("without a route: %d", got)
	}
}
