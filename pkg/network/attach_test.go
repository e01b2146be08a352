package network

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestDefaultNetworkIsMadeAtUse(t *testing.T) {
	r := newRig(t)
	a, b := r.joins("aa", "default"), r.joins("bb", "bridge")
	if a.Network != Default || a.IPv4 == b.IPv4 || !strings.HasSuffix(a.IPv4, "/24") || a.IPv6 != "" {
		t.Errorf("joined %+v %+v", a, b)
	}
	if !r.reaches("aa", ip(b.IPv4)) || !r.reaches("aa", a.Gateway) {
		t.Error("no answer in the default network")
	}
	got := must(r.attachedTo(idOf("aa")))(t)
	if len(got) != 1 || fmt.Sprint(got[0]) != fmt.Sprint(a) {
		t.Errorf("attached to %+v, joined was %+v", got, a)
	}
	// After a reboot links and rules are gone, records are not.
	r.leave(idOf("aa"))
	r.leave(idOf("bb"))
	n := must(r.Inspect(Default))(t)
	if err := errors.Join(netdev.DeleteLink(n.Bridge), netdev.DropRules(r.Table())); err != nil {
		t.Fatal(err)
	}
	c := r.joins("cc", "bridge")
	if !r.reaches("cc", c.Gateway) {
		t.Error("no answer after the link was made anew")
	}
	if s := must(netdev.Stamps(r.Table()))(t); len(s) != 1 {
		t.Errorf("rules after they were dropped: %q", s)
	}
}

func TestAddressComesAgain(t *testing.T) {
	r := newRig(t)
	a := r.joins("aa", "bridge")
	r.leave(idOf("aa"))
	if b := r.joins("aa", "bridge"); b.IPv4 != a.IPv4 || b.MAC != a.MAC {
		t.Errorf("%+v, before %+v", b, a)
	}
}

func TestAttachAgainAfterACrash(t *testing.T) {
	r := newRig(t)
	a := r.joins("aa", "bridge")
	must(r.NewNetns(idOf("aa")))(t)
	b := must(r.Attach(t.Context(), r.opts(idOf("aa"), "aa", "bridge")))(t)
	if a.IPv4 != b.IPv4 || !r.reaches("aa", b.Gateway) {
		t.Errorf("%+v, before %+v", b, a)
	}
}

func TestAskedAddress(t *testing.T) {
	r := newRig(t)
	r.network("n1", CreateOpts{Subnets: []string{"10.77.0.0/24"}})
	id := r.container("aa")
	o := r.opts(id, "aa", "n1")
	o.Join.IPv4, o.Join.MAC = "10.77.0.9", "02:00:00:00:00:09"
	if j := must(r.Attach(t.Context(), o))(t); j.IPv4 != "10.77.0.9/24" || j.MAC != o.Join.MAC {
		t.Errorf("%+v", j)
	}
	if out := r.in("aa", "busybox", "ip", "addr"); !strings.Contains(out, "10.77.0.9/24") || !strings.Contains(out, o.Join.MAC) {
		t.Error(out)
	}
	second := r.container("bb")
	for asked, kind := range map[string]errs.Kind{
		"10.77.0.9": errs.Conflict, "10.77.0.1": errs.Invalid, "10.77.0.255": errs.Invalid, "10.77.0.0": errs.Invalid,
		"10.78.0.1": errs.Invalid, "x": errs.Invalid, "fd00::1": errs.Invalid,
	} {
		o := r.opts(second, "bb", "n1")
		o.Join.IPv4 = asked
		if _, err := r.Attach(t.Context(), o); !errs.Is(err, kind) {
			t.Errorf("%s: %v, want %s", asked, err, kind)
		}
	}
	if out := r.in("bb", "busybox", "ip", "link"); strings.Contains(out, "eth0") {
		t.Errorf("a refused attach left %s", out)
	}
}

func TestAddressesRunOut(t *testing.T) {
	r := newRig(t)
	r.network("n1", CreateOpts{Subnets: []string{"10.77.0.0/29"}}) // 8 - network, broadcast, gateway
	seen := map[string]bool{}
	for i := range 5 {
		seen[r.joins(fmt.Sprintf("c%d", i), "n1").IPv4] = true
	}
	if len(seen) != 5 {
		t.Fatalf("addresses %v", seen)
	}
	id := r.container("last")
	_, err := r.Attach(t.Context(), r.opts(id, "last", "n1"))
	if !errs.Is(err, errs.Unavailable) || !strings.Contains(err.Error(), "no free address in 10.77.0.0/29") {
		t.Fatalf("got %v", err)
	}
	// One whose namespace is gone is reaped.
	if err := netdev.RemoveNetns(r.s.Netns(idOf("c3"))); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Attach(t.Context(), r.opts(id, "last", "n1")); err != nil {
		t.Fatal(err)
	}
	if len(must(r.attachedTo(idOf("c3")))(t)) != 0 {
		t.Error("c3 is still in the network")
	}
}

func TestHundredAtOnce(t *testing.T) {
	r := newRig(t)
	var mu sync.Mutex
	seen := map[string]string{}
	var wg sync.WaitGroup
	slots := make(chan struct{}, 16)
	for i := range 100 {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			name := fmt.Sprintf("c%d", i)
			id := idOf(name)
			if _, err := r.NewNetns(id); err != nil {
				t.Error(err)
				return
			}
			j, err := r.Attach(t.Context(), r.opts(id, name, "bridge"))
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			if seen[j.IPv4] != "" {
				t.Errorf("%s has %s, and so has %s", name, j.IPv4, seen[j.IPv4])
			}
			seen[j.IPv4] = name
			mu.Unlock()
			if i%2 == 0 {
				return
			}
			mu.Lock()
			delete(seen, j.IPv4)
			mu.Unlock()
			if err := errors.Join(r.DetachAll(t.Context(), id), r.RemoveNetns(id)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	ms := must(r.Members(Default))(t)
	if len(ms) != 50 || len(seen) != 50 {
		t.Errorf("%d members, %d addresses", len(ms), len(seen))
	}
}

func TestDetachIsIdempotent(t *testing.T) {
	r := newRig(t)
	j := r.joins("aa", "bridge", record.Port{HostPort: 8080, ContainerPort: 80, Protocol: "tcp"})
	for range 3 {
		if err := r.DetachAll(t.Context(), idOf("aa")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := netdev.FindLink(j.HostLink); !errs.Is(err, errs.NotFound) {
		t.Errorf("link: %v", err)
	}
	if out := nettest.Run(t, "", "nft", "list", "table", "inet", r.Table()); strings.Contains(out, "8080") {
		t.Error(out)
	}
	if err := r.DetachAll(t.Context(), "../../etc"); !errs.Is(err, errs.Invalid) {
		t.Errorf("got %v", err)
	}
}

func TestSeveralNetworks(t *testing.T) {
	r := newRig(t)
	r.network("n1", CreateOpts{})
	r.network("n2", CreateOpts{IPv6: true})
	id := r.container("aa")
	first := must(r.Attach(t.Context(), r.opts(id, "aa", "n1")))(t)
	o := r.opts(id, "aa", "n2")
	o.Iface = ""
	second := must(r.Attach(t.Context(), o))(t)
	if second.Iface != "eth1" || second.IPv6 == "" || second.HostLink == first.HostLink {
		t.Errorf("second %+v", second)
	}
	if out := r.in("aa", "busybox", "ip", "route"); !strings.Contains(out, "default via "+first.Gateway) {
		t.Error(out)
	}
	if !r.reaches("aa", second.Gateway6) {
		t.Error("no answer over IPv6")
	}
	if got := must(r.attachedTo(id))(t); len(got) != 2 || got[1].IPv6 != second.IPv6 || got[1].IPv4 != second.IPv4 {
		t.Errorf("attached to %+v", got)
	}
	for range 2 {
		if err := r.Detach(t.Context(), "n1", r.s.Netns(id)); err != nil {
			t.Fatal(err)
		}
	}
	if out := r.in("aa", "busybox", "ip", "route"); !strings.Contains(out, "default via "+second.Gateway) {
		t.Errorf("after the first network left: %s", out)
	}
}

func TestInterfaceIsTaken(t *testing.T) {
	r := newRig(t)
	r.network("n1", CreateOpts{})
	r.joins("aa", "bridge")
	o := r.opts(idOf("aa"), "aa", "n1")
	if _, err := r.Attach(t.Context(), o); !errs.Is(err, errs.Conflict) {
		t.Errorf("eth0 in two networks: %v", err)
	}
	o = r.opts(idOf("aa"), "aa", "bridge")
	o.Iface = ""
	if _, err := r.Attach(t.Context(), o); !errs.Is(err, errs.Conflict) {
		t.Errorf("twice in a network: %v", err)
	}
	nettest.Run(t, r.s.Netns(idOf("aa")), "ip", "link", "add", "eth1", "type", "bridge") // the container's own
	o = r.opts(idOf("aa"), "aa", "n1")
	o.Iface = "eth1"
	if _, err := r.Attach(t.Context(), o); !errs.Is(err, errs.Conflict) {
		t.Errorf("a foreign eth1: %v", err)
	}
	o.Iface = ""
	if j := must(r.Attach(t.Context(), o))(t); j.Iface != "eth2" {
		t.Errorf("got %+v", j)
	}
	if j := must(r.attachedTo(idOf("aa")))(t); len(j) != 2 || !r.reaches("aa", j[0].Gateway) || !r.reaches("aa", j[1].Gateway) {
		t.Errorf("after all that: %+v", j)
	}
}

func TestAttachErrors(t *testing.T) {
	r := newRig(t)
	id := r.container("aa")
	for name, c := range map[string]struct {
		change func(*AttachOpts)
		kind   errs.Kind
	}{
		"network": {func(o *AttachOpts) { o.Join.Network = "nosuch" }, errs.NotFound},
		"netns":   {func(o *AttachOpts) { o.Netns = "/nosuch" }, errs.NotFound},
		"name":    {func(o *AttachOpts) { o.Names = []string{"a\n1.2.3.4 evil"} }, errs.Invalid},
		"alias":   {func(o *AttachOpts) { o.Join.Aliases = []string{"a b"} }, errs.Invalid},
		"iface":   {func(o *AttachOpts) { o.Iface = "../x" }, errs.Invalid},
		"mac":     {func(o *AttachOpts) { o.Join.MAC = "zz" }, errs.Invalid},
	} {
		o := r.opts(id, "aa", "bridge")
		c.change(&o)
		if _, err := r.Attach(t.Context(), o); !errs.Is(err, c.kind) {
			t.Errorf("%s: %v, want %s", name, err, c.kind)
		}
	}
	if got := must(r.attachedTo(id))(t); len(got) != 0 {
		t.Errorf("left over: %+v", got)
	}
}

func BenchmarkAttachBeside100(b *testing.B) {
	r := newRig(b)
	for i := range 100 {
		r.joins(fmt.Sprintf("c%d", i), "bridge")
	}
	id := r.container("aa")
	for b.Loop() {
		must(r.NewNetns(id))(b)
		must(r.Attach(b.Context(), r.opts(id, "aa", "bridge")))(b)
		b.StopTimer()
		r.DetachAll(b.Context(), id)
		r.RemoveNetns(id)
		b.StartTimer()
	}
}

func BenchmarkAttach(b *testing.B) {
	r := newRig(b)
	must(r.get(b.Context(), Default))(b)
	id := r.container("aa")
	for b.Loop() {
		must(r.NewNetns(id))(b)
		must(r.Attach(b.Context(), r.opts(id, "aa", "bridge")))(b)
		b.StopTimer()
		r.DetachAll(b.Context(), id)
		r.RemoveNetns(id)
		b.StartTimer()
	}
}
