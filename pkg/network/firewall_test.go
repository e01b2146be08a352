package network

import (
	"net"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
)

// docker and ufw have iptables drop what is forwarded.
func TestForwardPolicyOfIptables(t *testing.T) {
	r := newRig(t)
	nettest.NeedProgram(t, "iptables-nft")
	t.Cleanup(func() { nettest.Run(t, "", "nft", "flush", "ruleset") })
	client := r.outside()
	nettest.Serve(t, client, "tcp", ":9000")
	r.network("n6", CreateOpts{IPv6: true})
	web := r.joins("web", "n6", tcp("", 8080, 80))
	at := r.s.Netns(idOf("web"))
	nettest.Serve(t, at, "tcp", ":80")
	for _, tool := range []string{"iptables-nft", "ip6tables-nft"} {
		nettest.Run(t, "", tool, "-P", "FORWARD", "DROP")
	}
	r.refused(at, "tcp", "192.0.2.2:9000")
	r.refused(client, "tcp", "192.0.2.1:8080")

	r.joins("next", "n6") // finds it, as reload does
	check := func() {
		t.Helper()
		r.sees(at, "tcp", "192.0.2.2:9000", "192.0.2.1")
		r.sees(at, "tcp", "[2001:db8::2]:9000", "2001:db8::1")
		r.sees(client, "tcp", "192.0.2.1:8080", "192.0.2.2")
		r.sees(client, "tcp", "[2001:db8::1]:8080", "2001:db8::2")
		r.refused(client, "tcp", ip(web.IPv4)+":80") // Pouch's own rules still hold
	}
	check()
	nettest.Run(t, "", "iptables-nft", "-F", "FORWARD") // as ufw reload and a restart of docker do
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	check()
	r.leave(idOf("web"))
	r.leave(idOf("next"))
	if err := r.Remove(t.Context(), "n6"); err != nil {
		t.Fatal(err)
	}
	if out := nettest.Run(t, "", "nft", "list", "ruleset"); strings.Contains(out, "accept comment") {
		t.Errorf("rules are left:\n%s", out)
	}
}

// ufw has iptables drop what comes in for the host: a network's resolver is reached
// all the same, by its own members, and no other port is.
func TestInputPolicyOfIptables(t *testing.T) {
	r := newRig(t)
	nettest.NeedProgram(t, "iptables-nft")
	t.Cleanup(func() { nettest.Run(t, "", "nft", "flush", "ruleset") })
	nettest.Run(t, "", "iptables-nft", "-P", "INPUT", "DROP")
	named := r.network("named", CreateOpts{Options: map[string]string{OptResolver: "true"}})
	r.network("plain", CreateOpts{})
	in := r.joins("in", "named")
	r.joins("out", "plain")
	gateway := named.Subnets[0].Gateway
	for _, p := range []string{"53", "54"} {
		nettest.Serve(t, "", "tcp", net.JoinHostPort(gateway, p))
	}
	nettest.Serve(t, "", "udp", net.JoinHostPort(gateway, "53"))
	r.sees(r.s.Netns(idOf("in")), "tcp", net.JoinHostPort(gateway, "53"), ip(in.IPv4))
	r.sees(r.s.Netns(idOf("in")), "udp", net.JoinHostPort(gateway, "53"), ip(in.IPv4))
	r.refused(r.s.Netns(idOf("in")), "tcp", net.JoinHostPort(gateway, "54"))
	r.refused(r.s.Netns(idOf("out")), "tcp", net.JoinHostPort(gateway, "53"))
}
