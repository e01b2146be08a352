package network

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func (r *rig) update(network string, o UpdateOpts) {
	r.t.Helper()
	if err := r.Update(r.t.Context(), network, o); err != nil {
		r.t.Errorf("%+v: %v", o, err)
	}
}

func option(k, v string) UpdateOpts { return UpdateOpts{Options: map[string]string{k: v}} }

// Who reaches whom changes for members that are there.
func TestUpdateChangesWhatPasses(t *testing.T) {
	r := newRig(t)
	client := r.outside()
	nettest.Serve(t, client, "tcp", ":9000")
	r.network("n1", CreateOpts{})
	r.network("n2", CreateOpts{Options: map[string]string{OptIsolate: "false"}})
	a, b := r.joins("a-one", "n1"), r.joins("b-one", "n1")
	other := r.joins("c-two", "n2")

	if !r.reaches("a-one", ip(b.IPv4)) || !r.silent("a-one", ip(other.IPv4)) {
		t.Error("before")
	}
	r.update("n1", option(OptICC, "false"))
	if !r.silent("a-one", ip(b.IPv4)) || !r.reaches("a-one", a.Gateway) {
		t.Error("members are to be apart")
	}
	r.update("n1", option(OptICC, ""))
	r.update("n1", option(OptIsolate, "false"))
	if !r.reaches("a-one", ip(b.IPv4)) || !r.reaches("a-one", ip(other.IPv4)) {
		t.Error("members of both networks are to be together")
	}
	r.update("n1", option(OptIsolate, "true"))
	if !r.silent("a-one", ip(other.IPv4)) {
		t.Error("the networks are to be apart again")
	}
	at := r.s.Netns(idOf("a-one"))
	r.sees(at, "tcp", "192.0.2.2:9000", "192.0.2.1")
	r.update("n1", option(OptMasquerade, "false"))
	r.sees(at, "tcp", "192.0.2.2:9000", ip(a.IPv4))
	r.update("n1", option(OptMode4, "nat-unprotected"))
	if _, err := nettest.Ask(t, client, "tcp", ip(a.IPv4)+":9", time.Minute); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("a port of a member's own: %v", err)
	}
}

func TestUpdateWritesTheRecord(t *testing.T) {
	r := newRig(t)
	r.network("n1", CreateOpts{DNS: []string{"192.0.2.53"}, Labels: record.Labels{"a": "1", "b": "2"}})
	r.update("n1", UpdateOpts{
		AddDNS: []string{"192.0.2.54", "192.0.2.53"}, DropDNS: []string{"192.0.2.53", "192.0.2.99"},
		Labels: record.Labels{"b": "3", "c": ""}, DropLabels: []string{"a", "z"},
	})
	n := must(r.Inspect("n1"))(t)
	if !slices.Equal(n.DNS, []string{"192.0.2.54", "192.0.2.53"}) || len(n.Labels) != 2 || n.Labels["b"] != "3" {
		t.Errorf("%+v", n)
	}
	for what, o := range map[string]UpdateOpts{
		"the option \"com.docker.network.bridge.name\" cannot change": option(OptBridgeName, "x"),
		"the option \"mtu\" cannot change":                            option("mtu", "1400"),
		"whether the host has an address":                             option(OptMode4, "isolated"),
		"enable_icc=perhaps":                                          option(OptICC, "perhaps"),
		"name server localhost: not an address":                       {AddDNS: []string{"localhost"}},
	} {
		if err := r.Update(t.Context(), "n1", o); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if now := must(r.Inspect("n1"))(t); len(now.Options) != len(n.Options) {
		t.Errorf("a refused change is in the record: %v", now.Options)
	}
	if err := r.Update(t.Context(), "nosuch", UpdateOpts{}); !errs.Is(err, errs.NotFound) {
		t.Errorf("no network: %v", err)
	}
}

// Reload makes a bridge that is gone anew, and members its ports again, as they were.
func TestReloadJoinsMembersAgain(t *testing.T) {
	r := newRig(t)
	n := r.network("n1", CreateOpts{})
	apart := r.network("n2", CreateOpts{Options: map[string]string{OptICC: "false"}})
	a, b := r.joins("a-one", "n1", tcp("", 8080, 80)), r.joins("b-one", "n1")
	r.joins("a-two", "n2")
	c := r.joins("b-two", "n2")
	nettest.Serve(t, r.s.Netns(idOf("a-one")), "tcp", ":80")
	for _, x := range []*record.Network{n, apart} {
		nettest.Run(t, "", "ip", "link", "del", x.Bridge)
	}
	if !r.silent("a-one", ip(b.IPv4)) {
		t.Error("without a bridge they reach each other")
	}
	for range 2 {
		if err := r.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !r.reaches("a-one", ip(b.IPv4)) || !r.reaches("a-two", c.Gateway) || !r.silent("a-two", ip(c.IPv4)) {
			t.Error("after reload")
		}
		r.sees(r.s.Netns(idOf("a-one")), "tcp", a.Gateway+":8080", a.Gateway) // by itself, through the host
	}
}
