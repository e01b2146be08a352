package network

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// outside makes a machine beside the host: the host is 192.0.2.1 and
// 2001:db8::1, the machine 192.0.2.2, with the host as its default route.
func (r *rig) outside() (path string) {
	r.t.Helper()
	path = filepath.Join(r.s.RunRoot, "outside")
	if _, err := netdev.NewNetns(path); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		netdev.DeleteLink("ext0")
		netdev.RemoveNetns(path)
	})
	nettest.Run(r.t, "", "ip", "link", "add", "ext0", "type", "veth", "peer", "name", "ext1", "netns", path)
	nettest.Run(r.t, "", "ip", "addr", "add", "192.0.2.1/24", "dev", "ext0")
	nettest.Run(r.t, "", "ip", "addr", "add", "2001:db8::1/64", "dev", "ext0", "nodad")
	nettest.Run(r.t, "", "ip", "link", "set", "ext0", "up")
	nettest.Run(r.t, path, "ip", "addr", "add", "192.0.2.2/24", "dev", "ext1")
	nettest.Run(r.t, path, "sysctl", "-qw", "net.ipv6.conf.ext1.disable_ipv6=0")
	nettest.Run(r.t, path, "ip", "addr", "add", "2001:db8::2/64", "dev", "ext1", "nodad")
	nettest.Run(r.t, path, "ip", "link", "set", "ext1", "up")
	nettest.Run(r.t, path, "ip", "route", "add", "default", "via", "192.0.2.1")
	nettest.Run(r.t, path, "ip", "route", "add", "default", "via", "2001:db8::1")
	return path
}

// sees asks from a namespace and wants the server to see the source address.
func (r *rig) sees(from, network, to, source string) {
	r.t.Helper()
	got, err := nettest.Ask(r.t, from, network, to, time.Minute)
	if err != nil || got != source {
		r.t.Errorf("%s %s from %q: server saw %q (%v), want %q", network, to, filepath.Base(from), got, err, source)
	}
}

func (r *rig) refused(from, network, to string) {
	r.t.Helper()
	if got, err := nettest.Ask(r.t, from, network, to, 400*time.Millisecond); err == nil {
		r.t.Errorf("%s %s from %q: answered, as %q", network, to, filepath.Base(from), got)
	}
}

func tcp(hostIP string, host, ctr uint16) record.Port {
	return record.Port{HostIP: hostIP, HostPort: host, ContainerPort: ctr, Protocol: "tcp"}
}

func TestPublishedPort(t *testing.T) {
	r := newRig(t)
	client := r.outside()
	r.network("n6", CreateOpts{IPv6: true})
	web := r.joins("web", "n6", tcp("", 8080, 80), record.Port{HostPort: 5353, ContainerPort: 53, Protocol: "udp"})
	r.joins("peer", "n6")
	r.joins("stranger", "bridge")
	at := r.s.Netns(idOf("web"))
	nettest.Serve(t, at, "tcp", ":80")
	nettest.Serve(t, at, "udp4", ":53")

	r.sees(client, "tcp", "192.0.2.1:8080", "192.0.2.2") // the source address is kept (CVE-2021-20199)
	r.sees(client, "tcp", "[2001:db8::1]:8080", "2001:db8::2")
	r.sees(client, "udp", "192.0.2.1:5353", "192.0.2.2")
	r.sees("", "tcp", "192.0.2.1:8080", "192.0.2.1")                          // the host itself
	r.sees(r.s.Netns(idOf("peer")), "tcp", "192.0.2.1:8080", web.Gateway)     // a member, through the host
	r.sees(at, "tcp", "192.0.2.1:8080", web.Gateway)                          // hairpin
	r.sees(r.s.Netns(idOf("stranger")), "tcp", "192.0.2.1:8080", web.Gateway) // another network
	r.refused(client, "tcp", "192.0.2.1:80")
	r.refused(client, "tcp", ip(web.IPv4)+":80") // only what is published, and there only: not routed directly
	r.refused(client, "tcp", "["+ip(web.IPv6)+"]:80")

	r.leave(idOf("web"))
	r.refused(client, "tcp", "192.0.2.1:8080")
}

// An address that a dead container had published does not publish its next owner.
func TestRulesDoNotOutliveTheLease(t *testing.T) {
	r := newRig(t)
	r.network("n1", CreateOpts{Subnets: []string{"10.77.0.0/30"}})
	r.joins("old", "n1", tcp("", 8080, 80))
	if err := netdev.RemoveNetns(r.s.Netns(idOf("old"))); err != nil { // as if all of it was killed
		t.Fatal(err)
	}
	r.joins("new", "n1")
	if out := nettest.Run(t, "", "nft", "list", "table", "inet", r.Table()); strings.Contains(out, "dport") {
		t.Error(out)
	}
}

func TestCVE_2025_54388_LoopbackPortStaysOnTheHost(t *testing.T) {
	r := newRig(t)
	client := r.outside()
	a := r.joins("web", "bridge", tcp("127.0.0.1", 8080, 80), tcp("::1", 8081, 80))
	nettest.Serve(t, r.s.Netns(idOf("web")), "tcp", ":80")
	nettest.Serve(t, "", "tcp", "127.0.0.1:8080") // the supervisor's socket
	nettest.Run(t, "", "sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1")
	nettest.Run(t, client, "ip", "route", "add", "127.0.0.1/32", "via", "192.0.2.1", "table", "99")
	nettest.Run(t, client, "ip", "rule", "add", "pref", "0", "to", "127.0.0.1", "ipproto", "tcp", "table", "99")
	nettest.Run(t, client, "ip", "rule", "del", "table", "local")
	nettest.Run(t, client, "ip", "rule", "add", "pref", "10", "table", "local")
	check := func() {
		t.Helper()
		r.sees("", "tcp", "127.0.0.1:8080", "127.0.0.1")
		r.refused(client, "tcp", "192.0.2.1:8080")
		r.refused(client, "tcp", "127.0.0.1:8080")
		r.refused(client, "tcp", ip(a.IPv4)+":80")
	}
	check()
	nettest.Run(t, "", "nft", "flush", "ruleset")
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	check()
}

// CVE-2019-9946 and CVE-2025-67499: a published port is one of this host, not
// of everything that passes by.
func TestCVE_2025_67499_ForwardedTrafficIsNotRedirected(t *testing.T) {
	r := newRig(t)
	client := r.outside()
	r.joins("web", "bridge", tcp("", 8080, 80))
	r.joins("user", "bridge")
	nettest.Serve(t, r.s.Netns(idOf("web")), "tcp", ":80")
	nettest.Serve(t, client, "tcp", "192.0.2.2:8080")
	r.sees(r.s.Netns(idOf("user")), "tcp", "192.0.2.2:8080", "192.0.2.1") // the other host's own, masqueraded
}

func TestHostAddress(t *testing.T) {
	r := newRig(t)
	client := r.outside()
	nettest.Run(t, "", "ip", "addr", "add", "192.0.2.7/24", "dev", "ext0")
	r.joins("any", "bridge", tcp("", 8080, 80))
	r.joins("one", "bridge", tcp("192.0.2.7", 8081, 80))
	nettest.Serve(t, r.s.Netns(idOf("any")), "tcp", ":80")
	nettest.Serve(t, r.s.Netns(idOf("one")), "tcp", ":80")
	r.sees(client, "tcp", "192.0.2.7:8080", "192.0.2.2")
	r.sees(client, "tcp", "192.0.2.7:8081", "192.0.2.2")
	r.refused(client, "tcp", "192.0.2.1:8081")
}

func TestNetworksAreApart(t *testing.T) {
	r := newRig(t)
	client := r.outside()
	r.network("n1", CreateOpts{})
	r.network("secret", CreateOpts{Internal: true})
	a, b, c := r.joins("aa", "n1"), r.joins("bb", "bridge"), r.joins("cc", "secret")
	d := r.joins("dd", "secret")
	for _, to := range []string{ip(b.IPv4), ip(c.IPv4)} {
		if !r.silent("aa", to) {
			t.Errorf("n1 reaches %s", to)
		}
	}
	if !r.reaches("aa", "192.0.2.2") || !r.reaches("bb", "192.0.2.2") {
		t.Error("no way out")
	}
	// CVE-2024-29018: nothing leaves an internal network.
	if c.Gateway != "" || strings.Contains(r.in("cc", "ip", "route"), "default") {
		t.Errorf("internal network has a gateway: %+v", c)
	}
	nettest.Run(t, r.s.Netns(idOf("cc")), "ip", "route", "add", "default", "dev", "eth0")
	if !r.silent("cc", "192.0.2.2") || !r.silent("cc", ip(a.IPv4)) {
		t.Error("the internal network reaches the outside")
	}
	if !r.reaches("cc", ip(d.IPv4)) {
		t.Error("members of the internal network do not meet")
	}
	if _, err := nettest.Try(client, "busybox", "ping", "-c1", "-W1", ip(a.IPv4)); err == nil {
		t.Error("outside reaches a container")
	}
	_, err := r.Attach(t.Context(), r.opts(r.container("ee"), "ee", "secret", tcp("", 8080, 80)))
	if !errs.Is(err, errs.Invalid) {
		t.Errorf("published on an internal network: %v", err)
	}
}

func TestForeignRulesStay(t *testing.T) {
	r := newRig(t)
	nettest.Run(t, "", "nft", "add", "table", "inet", "mine")
	nettest.Run(t, "", "nft", "add", "chain", "inet", "mine", "c", "{ type filter hook forward priority 0; }")
	nettest.Run(t, "", "nft", "add", "rule", "inet", "mine", "c", "tcp", "dport", "9", "drop")
	before := nettest.Run(t, "", "nft", "list", "table", "inet", "mine")
	r.joins("aa", "bridge", tcp("", 8080, 80))
	r.leave(idOf("aa"))
	if err := r.Remove(t.Context(), Default); err != nil {
		t.Fatal(err)
	}
	if after := nettest.Run(t, "", "nft", "list", "table", "inet", "mine"); after != before {
		t.Errorf("was %s, is %s", before, after)
	}
	nettest.Run(t, "", "nft", "delete", "table", "inet", "mine")
}

// What the host sends to an address of its own in a network leaves by lo and keeps its
// source: a server there sees the gateway's address, and not one that a rule chose.
func TestTheHostKeepsItsAddressTowardsItself(t *testing.T) {
	r := newRig(t)
	r.outside()
	n := r.network("n6", CreateOpts{Subnets: []string{"10.77.0.0/24", "fd77::/64"}, IPv6: true})
	r.joins("web", n.Name)
	// The kernel's own route to an IPv6 address comes a moment after the address.
	for !strings.HasPrefix(nettest.Run(t, "", "ip", "route", "get", "fd77::1"), "local ") {
		time.Sleep(time.Millisecond)
	}
	for _, a := range []string{"10.77.0.1", "fd77::1"} {
		at := net.JoinHostPort(a, "7000")
		nettest.Serve(t, "", "tcp", at)
		nettest.Serve(t, "", "udp", at)
		r.sees("", "tcp", at, a)
		r.sees("", "udp", at, a)
	}
}
