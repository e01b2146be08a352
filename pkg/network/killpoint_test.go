//go:build amd64

package network

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
	"github.com/pouchcontainer/pouch/test/killpoint"
)

// deed tells a child of the test what to do; it is killed on its way.
const deed = "POUCH_NETWORK_DEED"

// deeds are done by a child: one call of the manager.
type deedOf struct {
	Dir     string
	Verb    string
	Network CreateOpts
	Attach  AttachOpts
}

func (d deedOf) do(m *Manager) error {
	ctx := context.Background()
	switch d.Verb {
	case "create":
		_, err := m.Create(ctx, d.Network)
		return err
	case "rm":
		return m.Remove(ctx, d.Network.Name)
	case "attach":
		_, err := m.Attach(ctx, d.Attach)
		return err
	case "connect":
		return m.Connect(ctx, d.Attach.Container, d.Attach.Join)
	case "disconnect":
		return m.Disconnect(ctx, d.Attach.Container, d.Attach.Join.Network)
	}
	if d.Attach.Container == "" {
		return m.Detach(ctx, d.Network.Name, d.Attach.Netns)
	}
	return m.DetachAll(ctx, d.Attach.Container)
}

// doDeed is the child's main.
func doDeed(text string) {
	var d deedOf
	err := json.Unmarshal([]byte(text), &d)
	if err == nil {
		var s *store.Store
		if s, err = store.Open(d.Dir+"/l", d.Dir+"/r"); err == nil {
			err = d.do(Open(s))
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// kinds are the networks whose making and use is killed.
func kinds() map[string]CreateOpts {
	private := CreateOpts{Driver: "macvlan"}
	return map[string]CreateOpts{
		"bridge": {
			Subnets: []string{"10.77.0.0/24"}, IPv6: true,
			Options: map[string]string{OptIngressRate: "1gbit", OptEgressRate: "1gbit"},
		},
		"vxlan":   overlay(0, "peers=192.0.2.2,192.0.2.3"),
		"macvlan": lanOpts("macvlan"), "ipvlan": lanOpts("ipvlan"),
		"vlan": lanOpts("macvlan", "parent=lan0.10"), "dummy": private,
	}
}

// Whatever system call Create, Attach, Detach and Remove are killed at, what is left
// is found and cleaned, or done by the same call again.
func TestKilledAtEachStep(t *testing.T) {
	step, err := strconv.Atoi(os.Getenv("POUCH_KILL_EVERY"))
	if err != nil {
		step = 23
	}
	for kind, o := range kinds() {
		for i, verb := range []string{"create", "attach", "detach", "rm"} {
			t.Run(kind+"/"+verb, func(t *testing.T) {
				kills := 0
				for at := 1 + (i*5+len(kind))%step; !t.Failed(); at += step {
					killed := false
					t.Run(strconv.Itoa(at), func(t *testing.T) { killed = killedAt(t, kind, verb, o, at) })
					if !killed {
						break
					}
					kills++
				}
				t.Logf("%d kills", kills)
			})
		}
	}
}

func killedAt(t *testing.T, kind, verb string, o CreateOpts, at int) bool {
	r := newRig(t)
	r.lan()
	if kind != "bridge" && kind != "vxlan" && kind != "macvlan" {
		r.needs(kind)
	}
	o.Name = "n1"
	d := deedOf{Dir: r.s.Root[:len(r.s.Root)-len("/l")], Verb: verb, Network: o}
	theirs := at%2 == 0 // a namespace that is no container's outlives the command
	d.Attach = r.somebody(theirs, kind == "bridge" || kind == "vxlan")
	if verb != "create" {
		must(r.Create(t.Context(), o))(t)
	}
	if verb == "detach" {
		must(r.Attach(t.Context(), d.Attach))(t)
	}
	res := d.kill(t, at)
	if !t.Run("after "+strconv.Quote(res.Call), func(t *testing.T) { r.recovers(t, d, at%3 == 0) }) {
		t.FailNow()
	}
	return res.Killed
}

// somebody has a namespace for the deed.
func (r *rig) somebody(theirs, published bool) AttachOpts {
	r.t.Helper()
	if !theirs {
		id := r.container("victim")
		o := r.opts(id, "victim", "n1")
		if published {
			o.Ports = []record.Port{tcp("", 8080, 80), {HostPort: 5353, ContainerPort: 53, Protocol: "udp"}}
		}
		return o
	}
	path := r.s.RunRoot + "/theirs"
	if _, err := netdev.NewNetns(path); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		r.Detach(context.Background(), "n1", path)
		netdev.RemoveNetns(path)
	})
	return AttachOpts{Netns: path, Join: record.Join{Network: "n1"}, Iface: "eth0"}
}

// kill runs the deed in a child and kills that.
func (d deedOf) kill(t *testing.T, at int) killpoint.Result {
	t.Helper()
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	res, err := killpoint.Run([]string{"/proc/self/exe"}, &os.ProcAttr{
		Env: append(os.Environ(), deed+"="+string(text)), Files: []*os.File{nil, os.Stdout, os.Stderr}, Sys: &syscall.SysProcAttr{},
	}, at)
	if err != nil || (!res.Killed && res.Code != 0) {
		t.Fatalf("%+v %v", res, err)
	}
	return res
}

// recovers does the deed again, or cleans, and then uses and removes all of it.
func (r *rig) recovers(t *testing.T, d deedOf, again bool) {
	theirs := d.Attach.Container == ""
	alive := func(string) bool { return again || d.Verb == "create" || d.Verb == "rm" }
	if again {
		err := d.do(r.Manager)
		if errs.Is(err, errs.Conflict) && d.Verb == "create" || errs.Is(err, errs.NotFound) && (d.Verb == "rm" || d.Verb == "detach") {
			err = nil // it was done
		}
		if err != nil {
			t.Errorf("the same again: %v", err)
		}
	}
	if theirs { // nobody but its owner can know that it is not wanted any more
		if err := r.Detach(t.Context(), "n1", d.Attach.Netns); err != nil && !errs.Is(err, errs.NotFound) {
			t.Errorf("detach: %v", err)
		}
		if links, err := netdev.LinkNames(d.Attach.Netns); err != nil || !slices.Equal(links, []string{"lo"}) {
			t.Errorf("links in the namespace: %v %v", links, err)
		}
	}
	if err := r.Clean(t.Context(), alive); err != nil {
		t.Fatal(err)
	}
	r.clean(alive)
	if d.Verb == "detach" || d.Verb == "attach" && (theirs || !again) {
		r.nothingOf("n1")
	}
	if _, err := r.Inspect("n1"); errs.Is(err, errs.NotFound) {
		must(r.Create(t.Context(), d.Network))(t)
	}
	j := r.joins("next", "n1")
	if to := neighbour(d.Network, j); to != "" && !r.reaches("next", to) {
		t.Errorf("%s: no answer\n%s", to, nettest.Run(t, "", "ip", "-d", "addr"))
	}
	r.leave(idOf("next"))
	if !theirs {
		r.leave(d.Attach.Container)
	}
	if err := r.Remove(t.Context(), "n1"); err != nil {
		t.Error(err)
	}
	if ts, err := netdev.LimitTables(); err != nil || len(ts) > 0 {
		t.Errorf("tables of rates: %v %v", ts, err)
	}
	if links, err := netdev.Links(vethPrefix, bridgePrefix, vxlanPrefix, dummyPrefix, "lan0."); err != nil || len(links) > 0 {
		t.Errorf("links: %+v %v", links, err)
	}
}

// neighbour is who answers a member.
func neighbour(o CreateOpts, j record.Joined) string {
	switch {
	case o.Driver == "" || o.Driver == "vxlan":
		return j.Gateway
	case o.Options[OptParent] == "lan0":
		return "10.88.0.1"
	}
	return ""
}
