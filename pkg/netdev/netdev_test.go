package netdev

import (
	"errors"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
)

func TestMain(m *testing.M) { nettest.Main(m) }

func bridge(t testing.TB, name, addr string) {
	t.Helper()
	if _, err := EnsureBridge(Bridge{Name: name, Alias: "test", Addrs: []netip.Prefix{netip.MustParsePrefix(addr)}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { DeleteLink(name) })
}

func namespace(t testing.TB, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if _, err := NewNetns(path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		DeleteLink("pv2")
		DeleteLink("pv3")
		RemoveNetns(path)
	})
	return path
}

func veth(n, ns, addr string) Veth {
	p := netip.MustParsePrefix(addr)
	return Veth{
		Host: "pv" + n, Alias: "test " + n, Master: "br0", Netns: ns, Iface: "eth0", MAC: HashMAC(n),
		Addrs: []netip.Prefix{p}, Gateways: []netip.Addr{p.Masked().Addr().Next()},
	}
}

func TestVethCarriesPacketsAndHasNoIPv6(t *testing.T) {
	nettest.Need(t)
	dir := nettest.Dir(t)
	bridge(t, "br0", "10.1.1.1/24")
	a, b := namespace(t, dir, "a"), namespace(t, dir, "b")
	for n, ns := range map[string]string{"2": a, "3": b} {
		if err := AddVeth(veth(n, ns, "10.1.1."+n+"/24")); err != nil {
			t.Fatal(err)
		}
	}
	nettest.Run(t, a, "busybox", "ping", "-c1", "-W60", "10.1.1.3")
	nettest.Run(t, a, "busybox", "ping", "-c1", "-W60", "10.1.1.1")
	nettest.Run(t, a, "busybox", "ping", "-c1", "-W60", "127.0.0.1")
	if r := nettest.Run(t, a, "busybox", "ip", "route"); !strings.Contains(r, "default via 10.1.1.1 dev eth0") {
		t.Errorf("routes: %s", r)
	}
	for _, where := range []string{a, ""} { // CVE-2024-32473
		out := nettest.Run(t, where, "busybox", "ip", "-6", "addr")
		if strings.Contains(out, "fe80") {
			t.Errorf("IPv6 address on an IPv4 network in %q: %s", where, out)
		}
	}
	l, err := FindLink("pv2")
	if err != nil || l.Alias != "test 2" || l.Type != "veth" {
		t.Errorf("link %+v %v", l, err)
	}
}

// The kernel's link watch may take a second to let a new link work: it does for each
// that follows another one soon. What a machine that is busy takes is seen by asking again.
func TestPacketsPassAtOnce(t *testing.T) {
	nettest.Need(t)
	dir := nettest.Dir(t)
	bridge(t, "br0", "10.1.1.1/24")
	const links = 10
	late := 0
	for range links {
		ns := namespace(t, dir, "a")
		if err := AddVeth(veth("2", ns, "10.1.1.2/24")); err != nil {
			t.Fatal(err)
		}
		var took [2]time.Duration
		for i := range took {
			begin := time.Now()
			if _, err := nettest.Ask(t, ns, "tcp", "10.1.1.1:9", time.Minute); !errors.Is(err, unix.ECONNREFUSED) {
				t.Fatalf("got %v, want a refusal by the host", err)
			}
			took[i] = time.Since(begin)
		}
		if took[0]-took[1] > 700*time.Millisecond {
			late++
		}
		if err := errors.Join(DeleteLink("pv2"), RemoveNetns(ns)); err != nil {
			t.Fatal(err)
		}
	}
	if late > links*2/3 {
		t.Errorf("%d of %d links let packets through late", late, links)
	}
}

func TestVethNameIsTaken(t *testing.T) {
	nettest.Need(t)
	dir := nettest.Dir(t)
	bridge(t, "br0", "10.1.1.1/24")
	ns, other := namespace(t, dir, "a"), namespace(t, dir, "b")
	if err := AddVeth(veth("2", ns, "10.1.1.2/24")); err != nil {
		t.Fatal(err)
	}
	for _, v := range []Veth{veth("2", other, "10.1.1.3/24"), veth("3", ns, "10.1.1.3/24")} {
		if err := AddVeth(v); !errors.Is(err, unix.EEXIST) {
			t.Errorf("got %v", err)
		}
	}
	nettest.Run(t, ns, "busybox", "ping", "-c1", "-W60", "10.1.1.1")
}

func TestFailedVethLeavesNothing(t *testing.T) {
	nettest.Need(t)
	dir := nettest.Dir(t)
	bridge(t, "br0", "10.1.1.1/24")
	v := veth("2", namespace(t, dir, "a"), "10.1.1.2/24")
	v.Gateways = []netip.Addr{netip.MustParseAddr("192.0.2.1")}
	if err := AddVeth(v); err == nil {
		t.Fatal("an unreachable gateway was taken")
	}
	if _, err := FindLink("pv2"); !errs.Is(err, errs.NotFound) {
		t.Errorf("link after failure: %v", err)
	}
}

func TestNetnsIsReplacedAndRemoved(t *testing.T) {
	nettest.Need(t)
	path := filepath.Join(nettest.Dir(t), "n")
	first, err := NewNetns(path)
	if err != nil {
		t.Fatal(err)
	}
	second, err := NewNetns(path)
	if err != nil || first == 0 || second == 0 {
		t.Fatalf("%d %d %v", first, second, err)
	}
	for range 2 {
		if err := RemoveNetns(path); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := NetnsInode(path); !errs.Is(err, errs.NotFound) {
		t.Errorf("after removal: %v", err)
	}
	if _, err := NetnsInode("/etc/passwd"); !errs.Is(err, errs.NotFound) {
		t.Errorf("a plain file: %v", err)
	}
}

// TestNewNetnsIPv6: a link that comes into a new namespace has no IPv6 from its
// first moment on, lo has; of the host's namespace nothing changes.
func TestNewNetnsIPv6(t *testing.T) {
	nettest.Need(t)
	ns := namespace(t, nettest.Dir(t), "n")
	nettest.Run(t, ns, "ip", "link", "add", "d0", "type", "bridge")
	nettest.Run(t, ns, "ip", "link", "set", "d0", "up")
	if out := nettest.Run(t, ns, "ip", "-6", "-o", "addr"); !strings.Contains(out, "::1/128") || strings.Contains(out, "d0") {
		t.Errorf("inside: %s", out)
	}
	nettest.Run(t, "", "ip", "link", "add", "d1", "type", "bridge")
	t.Cleanup(func() { DeleteLink("d1") })
	nettest.Run(t, "", "ip", "link", "set", "d1", "up")
	if out := nettest.Run(t, "", "ip", "-6", "-o", "addr", "show", "dev", "d1"); !strings.Contains(out, "fe80:") {
		t.Errorf("outside: %s", out)
	}
}

func TestBridgeOfOthersIsRefused(t *testing.T) {
	nettest.Need(t)
	nettest.Run(t, "", "ip", "link", "add", "br0", "type", "bridge")
	t.Cleanup(func() { DeleteLink("br0") })
	_, err := EnsureBridge(Bridge{Name: "br0", Alias: "test"})
	if !errs.Is(err, errs.Conflict) {
		t.Errorf("got %v", err)
	}
}

func TestRoutes(t *testing.T) {
	nettest.Need(t)
	bridge(t, "br0", "10.1.1.1/24")
	rs, err := Routes()
	if err != nil || !slices.Contains(rs, netip.MustParsePrefix("10.1.1.0/24")) {
		t.Errorf("%v %v", rs, err)
	}
}

func TestRulesAreReplacedWhole(t *testing.T) {
	nettest.Need(t)
	t.Cleanup(func() { DropRules("pouch") })
	rules := Rules{Networks: []NetworkRules{{Stamp: "1 n1", Bridge: "br0", Masquerade: true, Subnets: []netip.Prefix{netip.MustParsePrefix("10.1.1.0/24"), netip.MustParsePrefix("fd00:1::/64")}}}}
	for i := range 500 {
		rules.Ports = append(rules.Ports, PortRule{Protocol: "tcp", Host: netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(i+1)), Target: netip.MustParseAddrPort("10.1.1.2:80")})
	}
	for range 2 {
		if err := ApplyRules("pouch", rules); err != nil {
			t.Fatal(err)
		}
	}
	out := nettest.Run(t, "", "nft", "list", "table", "inet", "pouch")
	for _, want := range []string{
		`ip saddr 10.1.1.0/24 oifname != "br0" masquerade`, `ip6 saddr fd00:1::/64 oifname != "br0" masquerade`,
		"meta nfproto ipv4 tcp dport 500 dnat ip to 10.1.1.2:80", "\t\tfib daddr type local jump ports", "ip daddr != 127.0.0.0/8 fib daddr type local jump ports",
		`oifname "br0" iifname != "br0" drop`, "ct status dnat accept",
	} {
		if strings.Count(out, want) != 1 {
			t.Errorf("%q is there %d times", want, strings.Count(out, want))
		}
	}
	if t.Failed() {
		t.Log(out)
	}
	if s, err := Stamps("pouch"); err != nil || !slices.Equal(s, []string{"1 n1"}) {
		t.Errorf("stamps %q %v", s, err)
	}
	nettest.Run(t, "", "nft", "flush", "table", "inet", "pouch")
	if s, err := Stamps("pouch"); err != nil || len(s) != 0 {
		t.Errorf("stamps of a flushed table %q %v", s, err)
	}
	if err := DropRules("pouch"); err != nil {
		t.Fatal(err)
	}
	if s, err := Stamps("pouch"); err != nil || len(s) != 0 {
		t.Errorf("stamps of no table %q %v", s, err)
	}
	if err := DropRules("pouch"); err != nil {
		t.Errorf("again: %v", err)
	}
}

func TestRulesOfAnotherVersionAreReplaced(t *testing.T) {
	nettest.Need(t)
	t.Cleanup(func() { DropRules("pouch") })
	nettest.Run(t, "", "nft", "add", "table", "inet", "pouch")
	nettest.Run(t, "", "nft", "add", "chain", "inet", "pouch", "forward", "{ type filter hook forward priority 7; policy drop; }")
	nettest.Run(t, "", "nft", "add", "rule", "inet", "pouch", "forward", "tcp", "dport", "9", "drop")
	if err := ApplyRules("pouch", Rules{}); err != nil {
		t.Fatal(err)
	}
	out := nettest.Run(t, "", "nft", "list", "chain", "inet", "pouch", "forward")
	if !strings.Contains(out, "priority filter; policy accept") || strings.Contains(out, "dport") {
		t.Error(out)
	}
}

func BenchmarkAttach(b *testing.B) {
	nettest.Need(b)
	dir := nettest.Dir(b)
	bridge(b, "br0", "10.1.1.1/24")
	for b.Loop() {
		ns := namespace(b, dir, "a")
		if err := AddVeth(veth("2", ns, "10.1.1.2/24")); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		DeleteLink("pv2")
		RemoveNetns(ns)
		b.StartTimer()
	}
}

func BenchmarkNetns(b *testing.B) {
	nettest.Need(b)
	dir := nettest.Dir(b)
	for b.Loop() {
		namespace(b, dir, "a")
		b.StopTimer()
		RemoveNetns(filepath.Join(dir, "a"))
		b.StartTimer()
	}
}

func BenchmarkDeleteLink(b *testing.B) {
	nettest.Need(b)
	dir := nettest.Dir(b)
	bridge(b, "br0", "10.1.1.1/24")
	ns := namespace(b, dir, "a")
	for b.Loop() {
		b.StopTimer()
		if err := AddVeth(veth("2", ns, "10.1.1.2/24")); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		DeleteLink("pv2")
	}
}

func BenchmarkApplyRules(b *testing.B) {
	nettest.Need(b)
	b.Cleanup(func() { DropRules("pouch") })
	rules := Rules{Networks: []NetworkRules{{Stamp: "1 n1", Bridge: "br0", Masquerade: true, Subnets: []netip.Prefix{netip.MustParsePrefix("10.1.1.0/24")}}}}
	for b.Loop() {
		if err := ApplyRules("pouch", rules); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStamps(b *testing.B) {
	nettest.Need(b)
	b.Cleanup(func() { DropRules("pouch") })
	if err := ApplyRules("pouch", Rules{Networks: []NetworkRules{{Stamp: "1 n1"}}}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Stamps("pouch"); err != nil {
			b.Fatal(err)
		}
	}
}
