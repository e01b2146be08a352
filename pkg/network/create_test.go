package network

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
)

func TestCreateTakesAFreeSubnet(t *testing.T) {
	r := newRig(t)
	nettest.Run(t, "", "ip", "link", "add", "other", "type", "bridge")
	nettest.Run(t, "", "ip", "addr", "add", "10.83.0.1/24", "dev", "other")
	nettest.Run(t, "", "ip", "link", "set", "other", "up")
	t.Cleanup(func() { netdev.DeleteLink("other") })
	a, b := r.network("n1", CreateOpts{}), r.network("n2", CreateOpts{IPv6: true})
	if a.Subnets[0].Subnet != "10.83.1.0/24" || a.Subnets[0].Gateway != "10.83.1.1" || b.Subnets[0].Subnet != "10.83.2.0/24" {
		t.Errorf("subnets %+v %+v", a.Subnets, b.Subnets)
	}
	if six := netip.MustParsePrefix(b.Subnets[1].Subnet); six.Bits() != 64 || six.Addr().As16()[0] != 0xfd {
		t.Errorf("IPv6 subnet %s", six)
	}
}

func TestCreateAsAsked(t *testing.T) {
	r := newRig(t)
	r.network("n1", CreateOpts{
		Subnets: []string{"10.77.0.5/24"}, Gateways: []string{"10.77.0.254"}, Ranges: []string{"10.77.0.128/30"},
		Options: map[string]string{OptMTU: "1400", OptMasquerade: "false"},
	})
	for i := range 4 { // all of the range, its ends are addresses like others
		a := netip.MustParsePrefix(r.joins(fmt.Sprintf("c%d", i), "n1").IPv4)
		if !netip.MustParsePrefix("10.77.0.128/30").Contains(a.Addr()) || a.Bits() != 24 {
			t.Errorf("address %s", a)
		}
	}
	if out := r.in("c0", "ip", "link", "show", "eth0"); !strings.Contains(out, "mtu 1400") {
		t.Error(out)
	}
	if out := r.in("c0", "ip", "route"); !strings.Contains(out, "default via 10.77.0.254") {
		t.Error(out)
	}
	if out := nettest.Run(t, "", "nft", "list", "table", "inet", r.Table()); strings.Contains(out, `!= "`) && strings.Contains(out, "oifname != ") {
		t.Errorf("masquerade was switched off: %s", out)
	}
}

func TestCreateErrors(t *testing.T) {
	r := newRig(t)
	r.network("taken", CreateOpts{Subnets: []string{"10.77.0.0/24"}})
	nettest.Run(t, "", "ip", "link", "add", "other", "type", "bridge")
	nettest.Run(t, "", "ip", "addr", "add", "10.99.0.1/16", "dev", "other")
	nettest.Run(t, "", "ip", "link", "set", "other", "up")
	t.Cleanup(func() { netdev.DeleteLink("other") })
	for name, c := range map[string]struct {
		o    CreateOpts
		kind errs.Kind
	}{
		"taken":      {CreateOpts{}, errs.Conflict},
		"bridge":     {CreateOpts{}, errs.Invalid},
		"host":       {CreateOpts{}, errs.Invalid},
		"../x":       {CreateOpts{}, errs.Invalid},
		"a\nb":       {CreateOpts{}, errs.Invalid},
		"driver":     {CreateOpts{Driver: "../../bin/x"}, errs.Invalid}, // CVE-2021-20206
		"overlap":    {CreateOpts{Subnets: []string{"10.77.0.128/25"}}, errs.Conflict},
		"twice":      {CreateOpts{Subnets: []string{"10.78.0.0/24", "10.78.0.0/16"}}, errs.Conflict},
		"route":      {CreateOpts{Subnets: []string{"10.99.0.0/16"}}, errs.Conflict},
		"word":       {CreateOpts{Subnets: []string{"x"}}, errs.Invalid},
		"small":      {CreateOpts{Subnets: []string{"10.78.0.0/31"}}, errs.Invalid},
		"gateway":    {CreateOpts{Subnets: []string{"10.78.0.0/24"}, Gateways: []string{"10.79.0.1"}}, errs.Invalid},
		"broadcast":  {CreateOpts{Subnets: []string{"10.78.0.0/24"}, Gateways: []string{"10.78.0.255"}}, errs.Invalid},
		"range":      {CreateOpts{Subnets: []string{"10.78.0.0/24"}, Ranges: []string{"10.78.0.0/16"}}, errs.Invalid},
		"six":        {CreateOpts{Subnets: []string{"fd00:1::/64"}}, errs.Invalid},
		"mtu":        {CreateOpts{Options: map[string]string{OptMTU: "9"}}, errs.Invalid},
		"inside-vpn": {CreateOpts{Subnets: []string{"10.99.5.0/24"}}, ""}, // a part of a wider route
	} {
		c.o.Name = name
		if _, err := r.Create(t.Context(), c.o); (c.kind == "") != (err == nil) || (err != nil && !errs.Is(err, c.kind)) {
			t.Errorf("%q: %v, want %q", name, err, c.kind)
		}
	}
	if all := must(r.List())(t); len(all) != 2 {
		t.Errorf("networks after refusals: %d", len(all))
	}
}

func TestTwentyCreateTheSameSubnet(t *testing.T) {
	r := newRig(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	won, subnets := 0, map[string]bool{}
	for i := range 20 {
		wg.Go(func() {
			_, err := r.Create(t.Context(), CreateOpts{Name: fmt.Sprintf("same%d", i), Subnets: []string{"10.77.0.0/24"}})
			n, err2 := r.Create(t.Context(), CreateOpts{Name: fmt.Sprintf("free%d", i)})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if !errs.Is(err, errs.Conflict) {
				t.Error(err)
			}
			if err2 != nil {
				t.Error(err2)
				return
			}
			subnets[n.Subnets[0].Subnet] = true
		})
	}
	wg.Wait()
	if won != 1 || len(subnets) != 20 {
		t.Errorf("%d had the same subnet, %d different ones", won, len(subnets))
	}
}

func TestRemove(t *testing.T) {
	r := newRig(t)
	n := r.network("n1", CreateOpts{})
	r.joins("aa", "n1")
	err := r.Remove(t.Context(), "n1")
	if !errs.Is(err, errs.InUse) || !strings.Contains(err.Error(), "aa") {
		t.Errorf("got %v", err)
	}
	if !r.reaches("aa", n.Subnets[0].Gateway) {
		t.Error("a refused removal broke the network")
	}
	r.leave(idOf("aa"))
	if err := r.Remove(t.Context(), n.ID[:5]); err != nil {
		t.Fatal(err)
	}
	if err := r.Remove(t.Context(), "n1"); !errs.Is(err, errs.NotFound) {
		t.Errorf("got %v", err)
	}
	_, err = r.Attach(t.Context(), r.opts(r.container("bb"), "bb", "n1"))
	if !errs.Is(err, errs.NotFound) {
		t.Errorf("joined a removed network: %v", err)
	}
}

func TestStateWiped(t *testing.T) {
	r := newRig(t)
	n := r.network("n1", CreateOpts{})
	if err := r.s.RemoveNetwork("n1"); err != nil {
		t.Fatal(err)
	}
	again := *n
	again.ID = idOf("again") // as pouch0, the same link for another id
	if err := r.s.CreateNetwork(&again); err != nil {
		t.Fatal(err)
	}
	j := r.joins("aa", "n1")
	if !r.reaches("aa", j.Gateway) {
		t.Error("no answer")
	}
}

func TestInspectByID(t *testing.T) {
	r := newRig(t)
	n := r.network("n1", CreateOpts{})
	for target, ok := range map[string]bool{"n1": true, n.ID: true, n.ID[:4]: true, "n": false, "": false, "../n1": false, n.ID + "0": false} {
		got, err := r.Inspect(target)
		if ok != (err == nil) || (ok && got.ID != n.ID) || (!ok && !errs.Is(err, errs.NotFound)) {
			t.Errorf("%q: %v %v", target, got, err)
		}
	}
}
