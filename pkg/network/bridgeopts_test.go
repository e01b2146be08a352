package network

import (
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func with(kv ...string) map[string]string {
	out := map[string]string{}
	for i := 0; i < len(kv); i += 2 {
		out[kv[i]] = kv[i+1]
	}
	return out
}

func TestBridgeOptionsThatAreRefused(t *testing.T) {
	r := newRig(t)
	for _, o := range []CreateOpts{
		{Options: with("colour", "red")},
		{Options: with("com.docker.network.bridge.colour", "red")},
		{Options: with(OptICC, "perhaps")},
		{Options: with(OptBridgeName, "a/b")},
		{Options: with(OptBridgeName, "longer-than-15-chars")},
		{Options: with(OptVLAN, "4095")},
		{Options: with(OptHostIP, "here")},
		{Options: with(OptMode4, "best")},
		{Options: with(OptMode4, modeIsolated)}, // not internal
		{Options: with(OptMetric, "-1")},
		{Options: with(OptNoDefaultRoute, "x")},
		{Options: with(OptIngressRate, "fast")},
		{NoIPv4: true},
		{NoIPv4: true, IPv6: true, Subnets: []string{"10.9.0.0/24"}},
		{Subnets: []string{"10.9.0.0/24"}, Reserved: with("router", "10.8.0.1")},
		{Routes: []string{"10.0.0.0/8"}},
		{Subnets: []string{"10.9.0.0/24"}, Routes: []string{"10.0.0.0/8,10.8.0.1"}},
		{DNS: []string{"dns.example"}},
	} {
		o.Name = "n1"
		if _, err := r.Create(t.Context(), o); !errs.Is(err, errs.Invalid) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	r.network("n1", CreateOpts{Options: with("org.example.note", "kept")})
}

func TestSeparateMembers(t *testing.T) {
	r := newRig(t)
	r.network("n1", CreateOpts{Options: with(OptICC, "false")})
	a := r.joins("a", "n1", tcp("", 8080, 80))
	r.joins("b", "n1")
	nettest.Serve(t, r.s.Netns(idOf("a")), "tcp", ":80")
	if out := nettest.Run(t, "", "bridge", "-d", "link", "show", "dev", a.HostLink); !strings.Contains(out, "isolated on") {
		t.Error(out)
	}
	b := r.s.Netns(idOf("b"))
	r.refused(b, "tcp", ip(a.IPv4)+":80")
	r.sees("", "tcp", ip(a.IPv4)+":80", a.Gateway)           // the host
	nettest.Serve(t, "", "tcp", a.Gateway+":8080")           // as the supervisor does
	r.sees(b, "tcp", a.Gateway+":8080", r.addrOf("b", "n1")) // what is published is for everybody
	r.in("b", "ip", "route", "add", ip(a.IPv4), "via", a.Gateway)
	r.refused(b, "tcp", ip(a.IPv4)+":80") // not by way of the host
}

func TestGatewayModes(t *testing.T) {
	r := newRig(t)
	client := r.outside()
	web := func(network string) record.Joined {
		j := r.joins("on-"+network, network, tcp("", 8080, 80))
		nettest.Serve(t, r.s.Netns(idOf("on-"+network)), "tcp", ":80")
		nettest.Serve(t, r.s.Netns(idOf("on-"+network)), "tcp", ":81")
		return j
	}
	nettest.Serve(t, client, "tcp", ":9000")

	r.network("routed", CreateOpts{IPv6: true, Options: with(OptMode4, modeRouted, OptMode6, modeRouted)})
	j := web("routed")
	r.sees(client, "tcp", ip(j.IPv4)+":80", "192.0.2.2")
	r.sees(client, "tcp", "["+ip(j.IPv6)+"]:80", "2001:db8::2")
	r.refused(client, "tcp", ip(j.IPv4)+":81")
	r.refused(client, "tcp", "192.0.2.1:8080")
	r.sees(r.s.Netns(idOf("on-routed")), "tcp", "192.0.2.2:9000", ip(j.IPv4)) // its own address outside
	r.leave(idOf("on-routed"))
	r.refused(client, "tcp", ip(j.IPv4)+":80")

	r.network("open", CreateOpts{Options: with(OptMode4, modeUnprotected)})
	j = web("open")
	r.sees(client, "tcp", ip(j.IPv4)+":81", "192.0.2.2")
	r.sees(client, "tcp", "192.0.2.1:8080", "192.0.2.2")
	r.sees(r.s.Netns(idOf("on-open")), "tcp", "192.0.2.2:9000", "192.0.2.1")

	n := r.network("alone", CreateOpts{Internal: true, Options: with(OptMode4, modeIsolated)})
	x, y := r.joins("x", "alone"), r.joins("y", "alone")
	if out := nettest.Run(t, "", "ip", "-4", "addr", "show", "dev", n.Bridge); strings.Contains(out, "inet ") || x.Gateway != "" {
		t.Errorf("%s%+v", out, x)
	}
	if !r.reaches("x", ip(y.IPv4)) {
		t.Error("members do not reach each other")
	}
}

func TestSharedNetworks(t *testing.T) {
	r := newRig(t)
	for _, n := range []string{"s1", "s2"} {
		r.network(n, CreateOpts{Options: with(OptIsolate, "false")})
	}
	r.network("apart", CreateOpts{Options: with(OptIsolate, "true")})
	a := r.joins("a", "s1")
	r.joins("b", "s2")
	c := r.joins("c", "apart")
	if !r.reaches("b", ip(a.IPv4)) {
		t.Error("shared networks are apart")
	}
	if !r.silent("a", ip(c.IPv4)) || !r.silent("c", ip(a.IPv4)) {
		t.Error("an isolated network is reached, or reaches")
	}
}

func TestRoutesOfMembers(t *testing.T) {
	r := newRig(t)
	n := r.network("n1", CreateOpts{
		Subnets: []string{"10.9.0.0/29"}, Reserved: with("router", "10.9.0.2", "printer", "10.9.0.3"),
		Routes:  []string{"10.50.0.0/16,10.9.0.2,7"},
		Options: with(OptMetric, "200", "mtu", "1400", OptBridgeName, "br-mine"),
	})
	if n.Bridge != "br-mine" || n.Options[OptMTU] != "1400" {
		t.Errorf("%+v", n)
	}
	r.joins("a", "n1")
	out := r.in("a", "ip", "route")
	for _, want := range []string{"default via 10.9.0.1 dev eth0 metric 200", "10.50.0.0/16 via 10.9.0.2 dev eth0 metric 7"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if out := r.in("a", "ip", "link", "show", "eth0"); !strings.Contains(out, "mtu 1400") {
		t.Error(out)
	}
	r.joins("b", "n1")
	r.joins("c", "n1")
	o := r.opts(r.container("d"), "d", "n1")
	if _, err := r.Attach(t.Context(), o); !errs.Is(err, errs.Unavailable) { // .4, .5 and .6 are taken
		t.Errorf("a reserved address was given: %v", err)
	}
	if _, err := r.Create(t.Context(), CreateOpts{Name: "m1", Options: with(OptBridgeName, "br-mine")}); !errs.Is(err, errs.Conflict) {
		t.Errorf("one bridge for two networks: %v", err)
	}
	r.network("lost", CreateOpts{Options: with(OptNoDefaultRoute, "true")})
	r.joins("e", "lost")
	if out := r.in("e", "ip", "route"); strings.Contains(out, "default") {
		t.Error(out)
	}
}

func TestIPv6Only(t *testing.T) {
	r := newRig(t)
	client := r.outside()
	n := r.network("six", CreateOpts{IPv6: true, NoIPv4: true})
	j := r.joins("web", "six", tcp("", 8080, 80))
	if j.IPv4 != "" || j.IPv6 == "" || len(n.Subnets) != 1 {
		t.Fatalf("%+v %+v", j, n)
	}
	at := r.s.Netns(idOf("web"))
	nettest.Serve(t, at, "tcp", ":80")
	nettest.Serve(t, client, "tcp", ":9000")
	r.sees(client, "tcp", "[2001:db8::1]:8080", "2001:db8::2")
	r.sees(at, "tcp", "[2001:db8::2]:9000", "2001:db8::1") // masqueraded
	r.sees(at, "tcp", "[2001:db8::1]:8080", j.Gateway6)    // hairpin
	if out := r.in("web", "ip", "-4", "addr", "show", "dev", "eth0"); strings.Contains(out, "inet ") {
		t.Error(out)
	}
}

func TestVLAN(t *testing.T) {
	r := newRig(t)
	n, err := r.Create(t.Context(), CreateOpts{Name: "n1", Options: with(OptVLAN, "42")})
	if errs.Is(err, errs.Unsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	a := r.joins("a", "n1")
	r.joins("b", "n1")
	if out := nettest.Run(t, "", "bridge", "vlan", "show", "dev", a.HostLink); !strings.Contains(out, "42 PVID Egress Untagged") {
		t.Error(out)
	}
	if out := nettest.Run(t, "", "ip", "-d", "link", "show", "dev", n.Bridge); !strings.Contains(out, "vlan_filtering 1") {
		t.Error(out)
	}
	if !r.reaches("b", ip(a.IPv4)) || !r.reaches("b", a.Gateway) {
		t.Error("members of one VLAN do not reach each other and the host")
	}
}
