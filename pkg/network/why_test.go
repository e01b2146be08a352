package network

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
)

// called gives this process another name until the test ends.
func called(t *testing.T, name string) {
	t.Helper()
	const file = "/proc/self/comm"
	before, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, []byte(name), 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.WriteFile(file, before, 0) })
}

// wants asks why and wants a line, with its remedy, and no other failure; "" wants
// none.
func (r *rig) wants(what, target, line string) {
	r.t.Helper()
	found, err := r.Why(r.t.Context(), target)
	if err != nil {
		r.t.Errorf("%s: %v", what, err)
	}
	var no []string
	for _, f := range found {
		if !f.OK {
			no = append(no, f.What+": "+f.Remedy)
		}
	}
	if line == "" && len(no) > 0 || line != "" && (len(no) != 1 || !strings.Contains(no[0], line)) {
		r.t.Errorf("%s: found %q, want %q\n%+v", what, no, line, found)
	}
}

// whyRig has one published port, held as a supervisor does, with somebody behind it.
func whyRig(t *testing.T) (r *rig, bridge, member string) {
	r = newRig(t)
	r.outside()
	n := r.network("n1", CreateOpts{})
	web := r.joins("web", "n1", tcp("", 8080, 80))
	nettest.Serve(t, r.s.Netns(idOf("web")), "tcp", ":80")
	nettest.Serve(t, "", "tcp", ":8080")
	called(t, supervisor)
	r.connectTime = time.Minute
	return r, n.Bridge, ip(web.IPv4)
}

// Each thing of the host that stands in the way is told with what helps; when that
// is done, the way is there.
func TestWhyTheHostIsInTheWay(t *testing.T) {
	r, bridge, member := whyRig(t)
	sysctl := func(name string) (do, undo []string) {
		key, value, _ := strings.Cut(name, "=")
		old := strings.TrimSpace(nettest.Run(t, "", "sysctl", "-n", key))
		return []string{"sysctl", "-qw", name}, []string{"sysctl", "-qw", key + "=" + map[bool]string{true: "1", false: old}[value == "0"]}
	}
	const at = "192.0.2.1:8080"
	r.wants("nothing", at, "")
	for _, c := range []struct{ setting, line string }{
		{"net.ipv4.ip_forward=0", "the kernel forwards no packets: sysctl -w net.ipv4.ip_forward=1"},
		{"net.ipv4.conf.ext0.forwarding=0", "the kernel forwards no packets that come by ext0: sysctl -w net.ipv4.conf.ext0.forwarding=1"},
		{"net.ipv4.conf." + bridge + ".forwarding=0", "that come by " + bridge + ": sysctl -w net.ipv4.conf." + bridge + ".forwarding=1"},
	} {
		do, undo := sysctl(c.setting)
		nettest.Run(t, "", do...)
		r.wants(c.setting, at, c.line)
		nettest.Run(t, "", undo...)
	}
	r.wants("all again", at, "")

	nettest.Run(t, "", "ip", "route", "add", member+"/32", "dev", "ext0")
	found, err := r.Why(t.Context(), at)
	if text := fmt.Sprint(found); err != nil || !strings.Contains(text, "packets for "+member+" leave by ext0 and not by "+bridge) || !strings.Contains(text, "ip route get "+member) {
		t.Errorf("another route: %s %v", text, err)
	}
	nettest.Run(t, "", "ip", "route", "del", member+"/32", "dev", "ext0")
	r.wants("the route again", at, "")
}

// The kernel's check of sources drops what comes by a link that answers do not
// leave by.
func TestWhySourcesAreChecked(t *testing.T) {
	r, _, _ := whyRig(t)
	const at = "192.0.2.1:8080"
	nettest.Run(t, "", "ip", "link", "add", "up0", "type", "veth", "peer", "name", "up1")
	t.Cleanup(func() { netdev.DeleteLink("up0") })
	nettest.Run(t, "", "ip", "addr", "add", "198.51.100.7/24", "dev", "up0")
	nettest.Run(t, "", "ip", "link", "set", "up0", "up")
	nettest.Run(t, "", "ip", "route", "add", "default", "via", "198.51.100.1")
	nettest.Run(t, "", "sysctl", "-qw", "net.ipv4.conf.ext0.rp_filter=1")
	r.wants("strict", at, "answers to other networks leave by up0: so the kernel drops what comes from there by ext0 (rp_filter): sysctl -w net.ipv4.conf.ext0.rp_filter=2")
	nettest.Run(t, "", "sysctl", "-qw", "net.ipv4.conf.ext0.rp_filter=2")
	r.wants("loose", at, "")
	nettest.Run(t, "", "sysctl", "-qw", "net.ipv4.conf.ext0.rp_filter=1")
	r.wants("the link of the route", "198.51.100.7:8080", "")
}

func TestWhyFirewallsAreInTheWay(t *testing.T) {
	r, bridge, _ := whyRig(t)
	const at = "192.0.2.1:8080"
	run := func(args ...string) { t.Helper(); nettest.Run(t, "", args...) }
	run("nft", "add table inet other; add chain inet other fw { type filter hook forward priority 7; policy accept; }; add rule inet other fw reject")
	r.wants("nft rejects", at, "a rule of another firewall, in chain inet other fw, drops what is forwarded to "+bridge+": nft insert rule inet other fw oifname "+bridge+" ct status dnat accept")
	run("nft", "insert rule inet other fw oifname "+bridge+" ct status dnat accept")
	r.wants("nft was told", at, "")
	run("nft", "delete table inet other")

	nettest.NeedProgram(t, "iptables-nft")
	t.Cleanup(func() { nettest.Run(t, "", "nft", "flush", "ruleset") })
	run("iptables-nft", "-P", "FORWARD", "DROP")
	r.wants("iptables' policy", at, "chain ip filter FORWARD of another firewall drops what is forwarded: pouch-net reload")
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.wants("after reload", at, "")
	run("iptables-nft", "-I", "FORWARD", "-j", "DROP")
	r.wants("iptables' rule", at, "a rule of another firewall, in chain ip filter FORWARD, drops what is forwarded to "+bridge)
}

// Who has the port of the host.
func TestWhyWhoHasThePort(t *testing.T) {
	r := newRig(t)
	r.outside()
	r.network("n1", CreateOpts{})
	r.joins("web", "n1", tcp("", 8080, 80))
	nettest.Serve(t, r.s.Netns(idOf("web")), "tcp", ":80")
	r.wants("nobody", "192.0.2.1:8080/udp", "port 8080/udp of 192.0.2.1 is published for no container, and nobody listens there: pouch-run -p 8080:PORT")
	called(t, "someprogram")
	r.wants("the supervisor is gone", "192.0.2.1:8080", "no process holds the port: the supervisor of web is gone, or gave it up: pouch-run restart web")

	l, err := net.Listen("tcp", "192.0.2.1:8080")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	own := fmt.Sprintf("pid %d (someprogram) of this host has the port", os.Getpid())
	r.wants("a program of the host", "192.0.2.1:8080", own+": it answers on this host's loopback address, and web to others: stop it, or publish another port of the host")
	other, err := net.Listen("tcp", "192.0.2.1:8081")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	r.wants("not published", "192.0.2.1:8081", fmt.Sprintf("port 8081/tcp of 192.0.2.1 is published for no container: pid %d (someprogram) of this host has it: stop it, or publish another port", os.Getpid()))
}

// What is published on 127.0.0.1 stays there, also where the kernel was told to route
// it.
func TestWhyLoopbackIsOpen(t *testing.T) {
	r := newRig(t)
	r.outside()
	r.network("n1", CreateOpts{})
	r.joins("web", "n1", tcp("127.0.0.1", 8080, 80))
	nettest.Serve(t, r.s.Netns(idOf("web")), "tcp", ":80")
	nettest.Serve(t, "", "tcp", "127.0.0.1:8080")
	called(t, supervisor)
	r.connectTime = time.Minute
	nettest.Run(t, "", "sysctl", "-qw", "net.ipv4.conf.all.route_localnet=0", "net.ipv4.conf.ext0.route_localnet=1")
	r.wants("guarded", "127.0.0.1:8080", "")
	nettest.Run(t, "", "nft", "delete", "table", "inet", r.Table())
	r.wants("flushed", "127.0.0.1:8080", "route_localnet is set for ext0: others on the link reach what is published on 127.0.0.1: sysctl -w net.ipv4.conf.ext0.route_localnet=0, or pouch-net reload")
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.wants("reloaded", "127.0.0.1:8080", "")
}
