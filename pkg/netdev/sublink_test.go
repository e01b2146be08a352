package netdev

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
)

// needs skips the test where the kernel has no links of a kind, which lie on par0.
func needs(t testing.TB, kind string, args ...string) {
	t.Helper()
	add := append([]string{"ip", "link", "add", "probe0", "link", "par0", "type", kind}, args...)
	if out, err := nettest.Try("", add...); err != nil {
		t.Skipf("this kernel has no %s links: %s", kind, strings.TrimSpace(out))
	}
	nettest.Run(t, "", "ip", "link", "del", "probe0")
}

// cable makes a pair of links, both up, in the test's namespace.
func cable(t testing.TB, a, b string) {
	t.Helper()
	nettest.Run(t, "", "ip", "link", "add", a, "type", "veth", "peer", "name", b)
	t.Cleanup(func() { DeleteLink(a) })
	for _, l := range []string{a, b} {
		nettest.Run(t, "", "ip", "link", "set", l, "up")
	}
}

func sublink(kind, mode, ns, addr string) Sublink {
	p := netip.MustParsePrefix(addr)
	return Sublink{
		Kind: kind, Mode: mode, Parent: "par0", Alias: "test " + addr, Netns: ns, Iface: "eth0", MAC: HashMAC(addr),
		Addrs: []netip.Prefix{p}, Gateways: []netip.Addr{p.Masked().Addr().Next()},
	}
}

func TestMacvlanReachesOthersAndWhatIsBehindItsParent(t *testing.T) {
	nettest.Need(t)
	dir := nettest.Dir(t)
	cable(t, "par0", "far0")
	nettest.Run(t, "", "ip", "addr", "add", "10.1.1.1/24", "dev", "far0")
	a, b := namespace(t, dir, "a"), namespace(t, dir, "b")
	for ns, addr := range map[string]string{a: "10.1.1.2/24", b: "10.1.1.3/24"} {
		if err := AddSublink(sublink("macvlan", "bridge", ns, addr)); err != nil {
			t.Fatal(err)
		}
	}
	nettest.Run(t, a, "busybox", "ping", "-c1", "-W60", "10.1.1.3")
	nettest.Run(t, a, "busybox", "ping", "-c1", "-W60", "10.1.1.1")
	out := nettest.Run(t, a, "ip", "-d", "link", "show", "eth0")
	for _, want := range []string{"macvlan mode bridge", "alias test 10.1.1.2/24", "group default", HashMAC("10.1.1.2/24")} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %s", want, out)
		}
	}
	if r := nettest.Run(t, a, "ip", "route"); !strings.Contains(r, "default via 10.1.1.1 dev eth0") {
		t.Errorf("routes: %s", r)
	}
}

func TestMacvlanModesKeepApart(t *testing.T) {
	nettest.Need(t)
	dir := nettest.Dir(t)
	for _, mode := range []string{"private", "vepa"} {
		cable(t, "par0", "far0")
		a, b := namespace(t, dir, "a"), namespace(t, dir, "b")
		for ns, addr := range map[string]string{a: "10.1.1.2/24", b: "10.1.1.3/24"} {
			if err := AddSublink(sublink("macvlan", mode, ns, addr)); err != nil {
				t.Fatal(err)
			}
		}
		if out := nettest.Run(t, a, "ip", "-d", "link", "show", "eth0"); !strings.Contains(out, "macvlan mode "+mode) {
			t.Error(out)
		}
		if out, err := nettest.Try(a, "busybox", "ping", "-c1", "-W1", "10.1.1.3"); err == nil {
			t.Errorf("%s: a neighbour answered: %s", mode, out)
		}
		for _, ns := range []string{a, b} {
			RemoveNetns(ns)
		}
		DeleteLink("par0")
	}
}

func TestIPVLANModesAndFlags(t *testing.T) {
	nettest.Need(t)
	dir := nettest.Dir(t)
	cable(t, "par0", "far0")
	needs(t, "ipvlan", "mode", "l2")
	DeleteLink("par0")
	for _, c := range []struct {
		mode, flag string
		meet       bool
	}{{"l2", "", true}, {"l2", "private", false}, {"l3", "bridge", true}, {"l3s", "", true}} {
		cable(t, "par0", "far0")
		a, b := namespace(t, dir, "a"), namespace(t, dir, "b")
		for ns, addr := range map[string]string{a: "10.1.1.2/24", b: "10.1.1.3/24"} {
			s := sublink("ipvlan", c.mode, ns, addr)
			s.Flag, s.Addrs = c.flag, append(s.Addrs, netip.MustParsePrefix(strings.Replace(addr, "10.1.1.", "fd00::", 1)))
			if c.mode != "l2" {
				s.Gateways = []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
			}
			if err := AddSublink(s); err != nil {
				t.Fatal(err)
			}
		}
		for _, to := range []string{"10.1.1.3", "fd00::3"} {
			if out, err := nettest.Try(a, "busybox", "ping", "-c1", "-W1", to); (err == nil) != c.meet {
				t.Errorf("%s %s to %s: %v %s", c.mode, c.flag, to, err, out)
			}
		}
		out := nettest.Run(t, a, "ip", "-d", "link", "show", "eth0")
		if !strings.Contains(out, "ipvlan  mode "+c.mode) || !strings.Contains(out, "alias test") {
			t.Error(out)
		}
		for _, family := range []string{"-4", "-6"} {
			out := nettest.Run(t, a, "ip", family, "route")
			if direct := strings.Contains(out, "default dev eth0"); direct != (c.mode != "l2") {
				t.Errorf("%s: routes %s", c.mode, out)
			}
		}
		for _, ns := range []string{a, b} {
			RemoveNetns(ns)
		}
		DeleteLink("par0")
	}
}

func TestSublinkRefusals(t *testing.T) {
	nettest.Need(t)
	dir := nettest.Dir(t)
	cable(t, "par0", "far0")
	ns := namespace(t, dir, "a")
	if err := AddSublink(sublink("macvlan", "bridge", ns, "10.1.1.2/24")); err != nil {
		t.Fatal(err)
	}
	if err := AddSublink(sublink("macvlan", "bridge", ns, "10.1.1.3/24")); !errors.Is(err, unix.EEXIST) {
		t.Errorf("a name that is taken: %v", err)
	}
	other := sublink("macvlan", "passthru", namespace(t, dir, "b"), "10.1.1.4/24")
	if err := AddSublink(other); !errs.Is(err, errs.Conflict) {
		t.Errorf("passthru beside another: %v", err)
	}
	other.Parent = "no0"
	if err := AddSublink(other); !errs.Is(err, errs.NotFound) || !strings.Contains(err.Error(), "no link no0") {
		t.Errorf("no parent: %v", err)
	}
	other.Parent, other.Mode = "par0", "source"
	if err := AddSublink(other); !errs.Is(err, errs.Invalid) {
		t.Errorf("no mode: %v", err)
	}
}

func TestDeleteSublinkTakesItsOwnAlone(t *testing.T) {
	nettest.Need(t)
	dir := nettest.Dir(t)
	cable(t, "par0", "far0")
	ns := namespace(t, dir, "a")
	s := sublink("macvlan", "bridge", ns, "10.1.1.2/24")
	gone := func(name string) bool {
		_, err := nettest.Try(ns, "ip", "link", "show", name)
		return err != nil
	}
	remove := func() {
		t.Helper()
		if err := DeleteSublink(ns, s.Kind, s.Iface, s.Alias); err != nil {
			t.Fatal(err)
		}
	}

	// Somebody else's, of the same name.
	nettest.Run(t, ns, "ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth9")
	remove()
	if gone("eth0") {
		t.Error("a stranger's link was deleted")
	}
	nettest.Run(t, ns, "ip", "link", "del", "eth0")

	// Renamed inside.
	if err := AddSublink(s); err != nil {
		t.Fatal(err)
	}
	nettest.Run(t, ns, "ip", "link", "set", "eth0", "down")
	nettest.Run(t, ns, "ip", "link", "set", "eth0", "name", "lan")
	remove()
	if !gone("lan") {
		t.Error("it is still there under another name")
	}

	// Made by a command that was killed before it came to the alias.
	f, _, err := openNetns(ns)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := createSublink(s, f); err != nil {
		t.Fatal(err)
	}
	remove()
	if !gone("eth0") {
		t.Error("an unfinished link is still there")
	}
	if err := RemoveNetns(ns); err != nil {
		t.Fatal(err)
	}
	remove()
}

// The kernel removes the link of a namespace that has ended when it finds the time;
// until then nobody can have its MAC address.
func TestSublinkFollowsAnotherAtOnce(t *testing.T) {
	nettest.Need(t)
	dir := nettest.Dir(t)
	cable(t, "par0", "far0")
	for _, mode := range []string{"bridge", "passthru"} {
		for range 5 {
			ns := namespace(t, dir, "a")
			if err := AddSublink(sublink("macvlan", mode, ns, "10.1.1.2/24")); err != nil {
				t.Fatalf("%s: %v", mode, err)
			}
			if err := RemoveNetns(ns); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestParentsAreMadeAndCompleted(t *testing.T) {
	nettest.Need(t)
	cable(t, "par0", "far0")
	if _, id, ok := ParentVLAN("par0.7"); !ok || id != 7 {
		t.Error("par0.7 is a VLAN's name")
	}
	for _, bad := range []string{"par0", "par0.", "par0.0", "par0.4095", "par0.07", ".7", "par0.x"} {
		if _, _, ok := ParentVLAN(bad); ok {
			t.Errorf("%q is no VLAN's name", bad)
		}
	}
	if err := EnsureVLAN("no0.7", "test"); !errs.Is(err, errs.NotFound) {
		t.Errorf("no link below: %v", err)
	}
	for _, p := range []struct {
		kind, name string
		ensure     func(name, alias string) error
	}{{"vlan", "par0.7", EnsureVLAN}, {"dummy", "pd0", EnsureDummy}} {
		t.Run(p.kind, func(t *testing.T) {
			t.Cleanup(func() { DeleteLink(p.name) })
			err := p.ensure(p.name, "test parent")
			if errs.Is(err, errs.Unsupported) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := p.ensure(p.name, "test parent"); err != nil {
				t.Errorf("again: %v", err)
			}
			if l, err := FindLink(p.name); err != nil || l.Type != p.kind || l.Alias != "test parent" || l.group != 0 {
				t.Errorf("%+v %v", l, err)
			}
			if err := p.ensure(p.name, "another"); !errs.Is(err, errs.Conflict) {
				t.Errorf("one of somebody else: %v", err)
			}
		})
	}
}
