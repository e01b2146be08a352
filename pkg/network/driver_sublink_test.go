package network

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// lan makes links lan0 and lan1, a cable; the neighbour at lan1 is 10.88.0.1 and fd88::1.
func (r *rig) lan() {
	r.t.Helper()
	nettest.Run(r.t, "", "ip", "link", "add", "lan0", "type", "veth", "peer", "name", "lan1")
	r.t.Cleanup(func() { netdev.DeleteLink("lan0") })
	for _, l := range []string{"lan0", "lan1"} {
		nettest.Run(r.t, "", "ip", "link", "set", l, "up")
	}
	nettest.Run(r.t, "", "ip", "addr", "add", "10.88.0.1/24", "dev", "lan1")
	nettest.Run(r.t, "", "ip", "addr", "add", "fd88::1/64", "dev", "lan1", "nodad")
}

// needs skips the test where the kernel has no links of a kind.
func (r *rig) needs(kind string) {
	r.t.Helper()
	args := []string{"ip", "link", "add", "probe0"}
	if kind != "dummy" {
		args = append(args, "link", "lan0")
	}
	args = append(args, "type", kind)
	if kind == "vlan" {
		args = append(args, "id", "99")
	}
	if out, err := nettest.Try("", args...); err != nil {
		r.t.Skipf("this kernel has no %s links: %s", kind, strings.TrimSpace(out))
	}
	netdev.DeleteLink("probe0")
}

func lanOpts(driver string, options ...string) CreateOpts {
	o := CreateOpts{
		Driver: driver, Subnets: []string{"10.88.0.0/24", "fd88::/64"}, IPv6: true,
		Options: map[string]string{OptParent: "lan0"},
	}
	for _, kv := range options {
		k, v, _ := strings.Cut(kv, "=")
		o.Options[k] = v
	}
	return o
}

func TestMembersOfAParentsNetwork(t *testing.T) {
	for _, kind := range []string{"macvlan", "ipvlan"} {
		t.Run(kind, func(t *testing.T) {
			r := newRig(t)
			r.lan()
			r.needs(kind)
			r.network("n1", lanOpts(kind))
			a, b := r.joins("aa", "n1"), r.joins("bb", "n1")
			for _, to := range []string{ip(b.IPv4), ip(b.IPv6), "10.88.0.1", "fd88::1"} {
				if !r.reaches("aa", to) {
					t.Errorf("%s: no answer", to)
				}
			}
			if (a.MAC == "") != (kind == "ipvlan") || a.HostLink != "" || a.Gateway != "10.88.0.1" {
				t.Errorf("%+v", a)
			}
			out := r.in("aa", "ip", "-d", "-j", "link", "show", "eth0")
			if !strings.Contains(out, `"info_kind":"`+kind+`"`) || a.MAC != "" && !strings.Contains(out, a.MAC) {
				t.Error(out)
			}
			if out := nettest.Run(t, "", "nft", "list", "ruleset"); strings.Contains(out, "10.88") {
				t.Errorf("the host has rules for it: %s", out)
			}

			o := r.opts(r.container("pp"), "pp", "n1", tcp("", 8080, 80))
			if _, err := r.Attach(t.Context(), o); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), "publish ports") {
				t.Errorf("a published port: %v", err)
			}
			if kind == "ipvlan" {
				o.Ports, o.Join.MAC = nil, "02:00:00:00:00:01"
				if _, err := r.Attach(t.Context(), o); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), "MAC") {
					t.Errorf("a MAC address: %v", err)
				}
			}

			if err := r.Detach(t.Context(), "n1", r.s.Netns(idOf("aa"))); err != nil {
				t.Fatal(err)
			}
			if out := r.in("aa", "ip", "-br", "link"); strings.Contains(out, "eth0") {
				t.Errorf("after detach: %s", out)
			}
			r.joins("cc", "n1")
			if err := r.Remove(t.Context(), "n1"); !errs.Is(err, errs.InUse) {
				t.Errorf("removed in use: %v", err)
			}
		})
	}
}

// A second attach under the same name, as a restarted caller does it, takes the
// place of the first; in another network the name is taken.
func TestAgainUnderTheSameName(t *testing.T) {
	r := newRig(t)
	r.lan()
	r.network("n1", lanOpts("macvlan"))
	r.network("n2", CreateOpts{Driver: "macvlan", Options: map[string]string{OptParent: "lan0"}})
	r.joins("aa", "n1")
	o := r.opts(idOf("aa"), "aa", "n1")
	if _, err := r.Attach(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if !r.reaches("aa", "10.88.0.1") {
		t.Error("no answer")
	}
	o.Join.Network = "n2"
	if _, err := r.Attach(t.Context(), o); !errs.Is(err, errs.Conflict) {
		t.Errorf("eth0 in another network: %v", err)
	}
	if !r.reaches("aa", "10.88.0.1") {
		t.Error("no answer after the refusal")
	}
}

func TestParentsAreShared(t *testing.T) {
	r := newRig(t)
	r.lan()
	r.network("n1", lanOpts("macvlan", "macvlan_mode=private"))
	for name, o := range map[string]CreateOpts{
		"another kind": {Driver: "ipvlan", Options: map[string]string{OptParent: "lan0"}},
		"passthru":     {Driver: "macvlan", Options: map[string]string{OptParent: "lan0", OptMode: "passthru"}},
	} {
		o.Name = "n2"
		if _, err := r.Create(t.Context(), o); !errs.Is(err, errs.Conflict) || !strings.Contains(err.Error(), "n1") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, o := range map[string]CreateOpts{
		"no such mode":   lanOpts("macvlan", "mode=l2"),
		"no such option": lanOpts("macvlan", "ipvlan_flag=private"),
		"loopback":       lanOpts("macvlan", "parent=lo"),
		"no such flag":   lanOpts("ipvlan", "ipvlan_flag=x"),
	} {
		o.Name = "n2"
		if _, err := r.Create(t.Context(), o); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	o := CreateOpts{Name: "n2", Driver: "macvlan", Options: map[string]string{OptParent: "no0"}}
	if _, err := r.Create(t.Context(), o); !errs.Is(err, errs.NotFound) || !strings.Contains(err.Error(), "no0") {
		t.Errorf("no parent: %v", err)
	}
	r.network("n2", CreateOpts{Driver: "macvlan", Options: map[string]string{OptParent: "lan0"}})
}

// A VLAN's link is made for the first network and goes with the last; one that was
// there stays.
func TestVLANParent(t *testing.T) {
	r := newRig(t)
	r.lan()
	r.needs("vlan")
	vlan := func(id string) bool {
		_, err := netdev.FindLink("lan0." + id)
		return err == nil
	}
	r.network("n1", lanOpts("macvlan", "parent=lan0.10"))
	r.network("n2", CreateOpts{Driver: "macvlan", Options: map[string]string{OptParent: "lan0.10"}})
	if out := nettest.Run(t, "", "ip", "-d", "link", "show", "lan0.10"); !strings.Contains(out, "vlan protocol 802.1Q id 10") {
		t.Error(out)
	}
	nettest.Run(t, "", "ip", "link", "add", "link", "lan1", "name", "lan1.10", "type", "vlan", "id", "10")
	nettest.Run(t, "", "ip", "link", "set", "lan1.10", "up")
	nettest.Run(t, "", "ip", "addr", "del", "10.88.0.1/24", "dev", "lan1")
	nettest.Run(t, "", "ip", "addr", "add", "10.88.0.1/24", "dev", "lan1.10")
	r.joins("aa", "n1")
	if !r.reaches("aa", "10.88.0.1") {
		t.Error("nobody answers in the VLAN")
	}
	r.leave(idOf("aa"))
	for _, n := range []string{"n1", "n2"} {
		if !vlan("10") {
			t.Errorf("the VLAN is gone while %s has it", n)
		}
		if err := r.Remove(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	if vlan("10") {
		t.Error("the VLAN is still there")
	}

	nettest.Run(t, "", "ip", "link", "add", "link", "lan0", "name", "lan0.11", "type", "vlan", "id", "11")
	r.network("n3", CreateOpts{Driver: "macvlan", Options: map[string]string{OptParent: "lan0.11"}})
	if err := r.Remove(t.Context(), "n3"); err != nil || !vlan("11") {
		t.Errorf("somebody's own VLAN was removed (%v)", err)
	}

	// What a killed removal leaves is found.
	n := r.network("n4", CreateOpts{Driver: "macvlan", Options: map[string]string{OptParent: "lan0.12"}})
	if err := r.s.RemoveLeases(n.Name); err != nil {
		t.Fatal(err)
	}
	if err := r.s.RemoveNetwork(n.Name); err != nil {
		t.Fatal(err)
	}
	if err := r.Clean(t.Context(), func(string) bool { return true }); err != nil || vlan("12") {
		t.Errorf("a stray VLAN is still there (%v)", err)
	}
}

func TestWithoutAParent(t *testing.T) {
	r := newRig(t)
	o := CreateOpts{Name: "n1", Driver: "macvlan"}
	n, err := r.Create(t.Context(), o)
	if errs.Is(err, errs.Unsupported) && strings.Contains(err.Error(), "no dummy links") {
		if names, err := r.s.NetworkNames(); err != nil || len(names) > 0 {
			t.Errorf("after the refusal: %v %v", names, err)
		}
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	a, b := r.joins("aa", "n1"), r.joins("bb", "n1")
	if !n.Internal || a.Gateway != "" || !r.reaches("aa", ip(b.IPv4)) {
		t.Errorf("%+v %+v", n, a)
	}
}

// The namespace of somebody else outlives a killed attach: detach finds the link.
func TestNamespaceOfSomebodyElse(t *testing.T) {
	r := newRig(t)
	r.lan()
	r.network("n1", lanOpts("macvlan"))
	path := r.s.RunRoot + "/theirs"
	if _, err := netdev.NewNetns(path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { netdev.RemoveNetns(path) })
	j := must(r.Attach(t.Context(), AttachOpts{Netns: path, Join: record.Join{Network: "n1"}}))(t)
	if j.Iface != "eth0" {
		t.Errorf("%+v", j)
	}
	if err := r.Detach(t.Context(), "n1", path); err != nil {
		t.Fatal(err)
	}
	if out := nettest.Run(t, path, "ip", "-br", "link"); strings.Contains(out, "eth0") {
		t.Error(out)
	}
	if ips, err := os.ReadDir(r.s.RunRoot + "/leases/n1"); err != nil || len(ips) > 0 {
		t.Errorf("leases: %v %v", ips, err)
	}
}

func TestNamespaceByAnotherPath(t *testing.T) {
	r := newRig(t)
	r.joins("aa", "bridge")
	pid := nettest.Command(r.s.Netns(idOf("aa")), "sleep", "1000")
	if err := pid.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pid.Process.Kill(); pid.Wait() })
	path := fmt.Sprintf("/proc/%d/ns/net", pid.Process.Pid)
	for own := must(netdev.NetnsInode("/proc/thread-self/ns/net"))(t); must(netdev.NetnsInode(path))(t) == own; {
		time.Sleep(time.Millisecond) // nsenter is on its way in
	}
	if err := r.Detach(t.Context(), "bridge", path); err != nil {
		t.Fatal(err)
	}
	r.nothingOf("bridge")
	o := AttachOpts{Netns: "/proc/thread-self/ns/net", Join: record.Join{Network: "bridge"}}
	if _, err := r.Attach(t.Context(), o); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), "the host itself") {
		t.Errorf("the host's own namespace: %v", err)
	}
}

func TestRoutesOfAParentsNetwork(t *testing.T) {
	r := newRig(t)
	r.lan()
	r.network("n1", lanOpts("macvlan", "metric=300"))
	r.network("n2", CreateOpts{Driver: "macvlan", Subnets: []string{"10.99.0.0/24"}, Options: map[string]string{
		OptParent: "lan0", OptNoDefaultRoute: "true", OptMTU: "1400",
	}})
	r.joins("aa", "n1")
	if out := r.in("aa", "ip", "route"); !strings.Contains(out, "default via 10.88.0.1 dev eth0 metric 300") {
		t.Errorf("metric: %s", out)
	}
	r.joins("bb", "n2")
	if out := r.in("bb", "ip", "route"); strings.Contains(out, "default") {
		t.Errorf("no default route: %s", out)
	}
	if out := r.in("bb", "ip", "link", "show", "eth0"); !strings.Contains(out, "mtu 1400") {
		t.Errorf("MTU: %s", out)
	}
	o := r.opts(r.container("cc"), "cc", "n1")
	o.Join.Ingress.Bits = 1000000
	if _, err := r.Attach(t.Context(), o); !errs.Is(err, errs.Unsupported) {
		t.Errorf("a rate: %v", err)
	}
}
