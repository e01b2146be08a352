package network

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// otherHost is a second machine: a network namespace with a pouch of its own. The
// two are 192.0.2.1, 2001:db8::1 and 192.0.2.2, 2001:db8::2.
type otherHost struct {
	*rig
	path string
}

func (r *rig) otherHost() *otherHost {
	r.t.Helper()
	path := r.outside()
	dir := filepath.Join(filepath.Dir(r.s.RunRoot), "2")
	s, err := store.Open(filepath.Join(dir, "l"), filepath.Join(dir, "r"))
	if err != nil {
		r.t.Fatal(err)
	}
	h := &otherHost{&rig{Open(s), s, r.t}, path}
	r.t.Cleanup(func() { h.on(func() error { h.clear(); return nil }) })
	return h
}

// on does it on the other host.
func (h *otherHost) on(do func() error) {
	h.t.Helper()
	if err := nettest.In(h.t, h.path, do); err != nil {
		h.t.Error(err)
	}
}

func (h *otherHost) member(name, network string, ports ...record.Port) (j record.Joined) {
	h.t.Helper()
	h.on(func() (err error) {
		j, err = h.Attach(h.t.Context(), h.opts(h.container(name), name, network, ports...))
		return err
	})
	return j
}

func overlay(half int, options ...string) CreateOpts {
	o := CreateOpts{
		Name: "n1", Driver: "vxlan", IPv6: true, Subnets: []string{"10.89.0.0/24", "fd89::/64"},
		Ranges:  []string{fmt.Sprintf("10.89.0.%d/25", 128*half), fmt.Sprintf("fd89::%d:0/112", half)},
		Options: map[string]string{OptVNI: "7"},
	}
	for _, kv := range options {
		k, v, _ := strings.Cut(kv, "=")
		o.Options[k] = v
	}
	return o
}

// Frames of members pass between two hosts, over IPv4 and over IPv6, broadcast and
// neighbour discovery included, as large as the members' links say.
func TestNetworkOfTwoHosts(t *testing.T) {
	for _, under := range []struct {
		a, b string
		mtu  int
	}{{"192.0.2.1", "192.0.2.2", 1450}, {"2001:db8::1", "2001:db8::2", 1430}} {
		t.Run(under.a, func(t *testing.T) {
			r := newRig(t)
			h := r.otherHost()
			must(r.Create(t.Context(), overlay(0, "peers="+under.b)))(t)
			h.on(func() error {
				_, err := h.Create(t.Context(), overlay(1, "peers="+under.a, "local="+under.b))
				return err
			})
			a := r.joins("aa", "n1")
			b := h.member("bb", "n1")
			if a.Gateway != "10.89.0.1" || b.Gateway != "10.89.0.128" || b.Gateway6 != "fd89::1:0" {
				t.Errorf("gateways: %+v %+v", a, b)
			}
			for _, to := range []string{ip(b.IPv4), ip(b.IPv6), b.Gateway, b.Gateway6} {
				if !r.reaches("aa", to) {
					t.Errorf("from this host: %s does not answer", to)
				}
			}
			if !h.reaches("bb", ip(a.IPv4)) || !h.reaches("bb", ip(a.IPv6)) {
				t.Error("from the other host: no answer")
			}
			payload := fmt.Sprint(under.mtu - 28)
			r.in("aa", "busybox", "ping", "-c1", "-W60", "-s", payload, ip(b.IPv4))
			if out := r.in("aa", "ip", "link", "show", "eth0"); !strings.Contains(out, fmt.Sprint("mtu ", under.mtu)) {
				t.Error(out)
			}
			if out := r.in("aa", "ip", "neigh", "show", ip(b.IPv4)); !strings.Contains(out, b.MAC) {
				t.Errorf("it is not the other member that answers: %s", out)
			}
			n := must(r.Inspect("n1"))(t)
			if out := nettest.Run(t, "", "bridge", "fdb", "show", "dev", vxlanName(n)); !strings.Contains(out, "00:00:00:00:00:00 dst "+under.b) || !strings.Contains(out, b.MAC+" dst "+under.b) {
				t.Errorf("forwarding: %s", out)
			}
			if out := nettest.Run(t, "", "ip", "-d", "link", "show", vxlanName(n)); !strings.Contains(out, fmt.Sprint("mtu ", under.mtu)) {
				t.Error(out)
			}
		})
	}
}

// A client of one host reaches what a member on the other one publishes, and is
// seen with its own address.
func TestPublishedPortOfAnotherHost(t *testing.T) {
	r := newRig(t)
	h := r.otherHost()
	must(r.Create(t.Context(), overlay(0, "peers=192.0.2.2")))(t)
	h.on(func() error {
		_, err := h.Create(t.Context(), overlay(1, "peers=192.0.2.1"))
		return err
	})
	r.joins("web", "n1", tcp("", 8080, 80), record.Port{HostPort: 5353, ContainerPort: 53, Protocol: "udp"})
	at := r.s.Netns(idOf("web"))
	nettest.Serve(t, at, "tcp", ":80")
	nettest.Serve(t, at, "udp4", ":53")
	nettest.Serve(t, at, "udp6", ":53")
	h.member("bb", "n1")
	h.on(func() error {
		_, err := h.Create(t.Context(), CreateOpts{Name: "n2"})
		return err
	})
	h.member("cc", "n2")

	r.sees(h.path, "tcp", "192.0.2.1:8080", "192.0.2.2")
	r.sees(h.path, "udp", "192.0.2.1:5353", "192.0.2.2")
	r.sees(h.path, "tcp", "[2001:db8::1]:8080", "2001:db8::2")
	r.sees(h.path, "udp", "[2001:db8::1]:5353", "2001:db8::2")
	for _, name := range []string{"bb", "cc"} { // a member of whatever network: its host's address
		r.sees(h.s.Netns(idOf(name)), "tcp", "192.0.2.1:8080", "192.0.2.2")
	}
}

func TestPeersComeAndGo(t *testing.T) {
	r := newRig(t)
	h := r.otherHost()
	must(r.Create(t.Context(), overlay(0)))(t)
	h.on(func() error {
		_, err := h.Create(t.Context(), overlay(1, "peers=192.0.2.1"))
		return err
	})
	r.joins("aa", "n1")
	b := h.member("bb", "n1")
	if !r.silent("aa", ip(b.IPv4)) {
		t.Error("it answers without being a peer")
	}
	for range 2 {
		if err := r.AddPeers(t.Context(), "n1", "192.0.2.2", "192.0.2.77"); err != nil {
			t.Fatal(err)
		}
	}
	if got := must(r.Peers("n1"))(t); strings.Join(got, " ") != "192.0.2.2 192.0.2.77" {
		t.Errorf("peers: %v", got)
	}
	if !r.reaches("aa", ip(b.IPv4)) {
		t.Error("a peer does not answer")
	}
	for range 2 {
		if err := r.RemovePeers(t.Context(), "n1", "192.0.2.2"); err != nil {
			t.Fatal(err)
		}
	}
	nettest.Run(t, r.s.Netns(idOf("aa")), "ip", "neigh", "flush", "all")
	if !r.silent("aa", ip(b.IPv4)) {
		t.Error("it answers still")
	}

	// A command that was killed after the record: the next join does the rest.
	n := must(r.s.Network("n1"))(t)
	n.Options[OptPeers] = "192.0.2.2"
	if err := r.s.SetNetwork(n); err != nil {
		t.Fatal(err)
	}
	r.joins("cc", "n1")
	if !r.reaches("cc", ip(b.IPv4)) {
		t.Error("what the record says is not in force")
	}

	for name, err := range map[string]error{
		"a name":            r.AddPeers(t.Context(), "n1", "host"),
		"the other family":  r.AddPeers(t.Context(), "n1", "2001:db8::2"),
		"several addresses": r.AddPeers(t.Context(), "n1", "192.0.2.0/24"),
	} {
		if !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.network("n2", CreateOpts{})
	if err := r.AddPeers(t.Context(), "n2", "192.0.2.2"); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), "bridge") {
		t.Errorf("a bridge: %v", err)
	}
}

func TestVXLANRefusals(t *testing.T) {
	r := newRig(t)
	must(r.Create(t.Context(), overlay(0)))(t)
	for name, c := range map[string]struct {
		edit func(*CreateOpts)
		kind errs.Kind
		says string
	}{
		"the same VNI": {func(*CreateOpts) {}, errs.Conflict, "n1"},
		"no VNI":       {func(o *CreateOpts) { delete(o.Options, OptVNI) }, errs.Invalid, "vni"},
		"VNI 0":        {func(o *CreateOpts) { o.Options[OptVNI] = "0" }, errs.Invalid, "vni"},
		"a large VNI":  {func(o *CreateOpts) { o.Options[OptVNI] = "16777216" }, errs.Invalid, "vni"},
		"no range":     {func(o *CreateOpts) { o.Options[OptPeers], o.Ranges = "192.0.2.2", nil }, errs.Invalid, "--ip-range"},
		"no subnet":    {func(o *CreateOpts) { o.Options[OptPeers], o.Subnets, o.Ranges = "192.0.2.2", nil, nil }, errs.Invalid, "--subnet"},
		"families":     {func(o *CreateOpts) { o.Options[OptPeers] = "192.0.2.2,2001:db8::2" }, errs.Invalid, "family"},
		"a bad peer":   {func(o *CreateOpts) { o.Options[OptPeers] = "127.0.0.1" }, errs.Invalid, "127.0.0.1"},
		"a bad port":   {func(o *CreateOpts) { o.Options[OptDestPort] = "0" }, errs.Invalid, "dstport"},
		"an option":    {func(o *CreateOpts) { o.Options["peer"] = "192.0.2.2" }, errs.Invalid, "peer"},
	} {
		o := overlay(0)
		o.Name, o.Subnets, o.Ranges = "n2", []string{"10.90.0.0/24"}, []string{"10.90.0.0/25"}
		c.edit(&o)
		if _, err := r.Create(t.Context(), o); !errs.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.Create(t.Context(), CreateOpts{Name: "n2", Driver: "overlay"}); !errs.Is(err, errs.Unsupported) || !strings.Contains(err.Error(), "vxlan") {
		t.Errorf("overlay: %v", err)
	}
}

// What a reboot, or somebody, takes away is there again at the next join.
func TestVXLANLinkIsMadeAnew(t *testing.T) {
	r := newRig(t)
	n := must(r.Create(t.Context(), overlay(0, "peers=192.0.2.2")))(t)
	if err := errors.Join(netdev.DeleteLink(vxlanName(n)), netdev.DeleteLink(n.Bridge)); err != nil {
		t.Fatal(err)
	}
	r.joins("aa", "n1")
	if _, err := netdev.FindLink(vxlanName(n)); err != nil {
		t.Error(err)
	}
	if err := netdev.DeleteLink(vxlanName(n)); err != nil {
		t.Fatal(err)
	}
	r.joins("bb", "n1")
	if got, err := netdev.VXLANPeers(vxlanName(n)); err != nil || len(got) != 1 {
		t.Errorf("%v %v", got, err)
	}
	_, err := nettest.Ask(t, r.s.Netns(idOf("bb")), "tcp", "10.89.0.1:9", time.Minute)
	if !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("the gateway: %v", err)
	}
}

// A record that cannot be read goes with its links.
func TestDamagedVXLANNetworkIsRemoved(t *testing.T) {
	r := newRig(t)
	must(r.Create(t.Context(), overlay(0, "peers=192.0.2.2")))(t)
	if err := os.WriteFile(filepath.Join(r.s.Root, "networks", "n1.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Remove(t.Context(), "n1"); err != nil {
		t.Fatal(err)
	}
	if links, err := netdev.Links(vxlanPrefix, bridgePrefix); err != nil || len(links) > 0 {
		t.Errorf("links: %+v %v", links, err)
	}
}
