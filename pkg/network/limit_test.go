package network

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// takes measures how long a number of bytes take from one namespace to another.
func takes(t *testing.T, from, to, addr string, bytes int64) time.Duration {
	t.Helper()
	var l net.Listener
	err := nettest.In(t, to, func() (err error) { l, err = net.Listen("tcp", addr); return err })
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan int64, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			got <- 0
			return
		}
		defer c.Close()
		n, _ := io.Copy(io.Discard, c)
		got <- n
	}()
	var c net.Conn
	if err := nettest.In(t, from, func() (err error) { c, err = net.DialTimeout("tcp", addr, time.Minute); return err }); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	c.SetDeadline(begin.Add(10 * time.Minute))
	if _, err := io.CopyN(c, zeros{}, bytes); err != nil {
		t.Fatal(err)
	}
	c.Close()
	if n := <-got; n != bytes {
		t.Errorf("%d bytes came, not %d", n, bytes)
	}
	return time.Since(begin)
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestRates(t *testing.T) {
	r := newRig(t)
	r.network("n1", CreateOpts{})
	slow := record.Rate{Bits: 16e6} // 2 MB a second
	o := r.opts(r.container("a"), "a", "n1")
	o.Join.Ingress, o.Join.Egress = slow, slow
	j := must(r.Attach(t.Context(), o))(t)
	r.joins("b", "n1")
	a, b := r.s.Netns(idOf("a")), r.s.Netns(idOf("b"))
	const size = 2 << 20
	least := 700 * time.Millisecond // less than a second by what passes at once
	if d := takes(t, b, a, ip(j.IPv4)+":7", size); d < least {
		t.Errorf("into the container: %v", d)
	}
	if d := takes(t, a, b, r.addrOf("b", "n1")+":7", size); d < least {
		t.Errorf("out of the container: %v", d)
	}
	r.in("a", "tc", "qdisc", "del", "dev", "eth0", "root") // root in there may
	if d := takes(t, a, b, r.addrOf("b", "n1")+":8", 2*size); d < least {
		t.Errorf("out of the container, without its queue: %v", d)
	}
	table := r.limitTable(j.HostLink)
	nettest.Run(t, "", "nft", "flush", "ruleset")
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if out := nettest.Run(t, "", "nft", "list", "table", "netdev", table); !strings.Contains(out, "limit rate over") {
		t.Error(out)
	}
	r.leave(idOf("a"))
	if ts, err := netdev.LimitTables(); err != nil || len(ts) > 0 {
		t.Errorf("tables are left: %v %v", ts, err)
	}
	nettest.Run(t, "", "nft", "add", "table", "netdev", table) // as a killed command leaves it
	found, err := r.Leftovers(t.Context(), func(string) bool { return true })
	if err != nil || len(found) != 1 || found[0].Kind != "rate" {
		t.Errorf("%+v %v", found, err)
	}
	if err := r.Clean(t.Context(), func(string) bool { return true }); err != nil {
		t.Error(err)
	}
}

func TestRatesOfANetwork(t *testing.T) {
	r := newRig(t)
	r.network("n1", CreateOpts{Options: with(OptIngressRate, "8mbit", OptIngressBurst, "256k")})
	j := r.joins("a", "n1")
	if out := nettest.Run(t, "", "tc", "qdisc", "show", "dev", j.HostLink); !strings.Contains(out, "rate 8Mbit burst 256Kb") {
		t.Error(out)
	}
}

func TestSettingsOfAnInterface(t *testing.T) {
	r := newRig(t)
	r.network("n1", CreateOpts{})
	o := r.opts(r.container("a"), "a", "n1")
	o.Join.Options = with(OptSysctls, "net.ipv4.conf.IFNAME.log_martians=1,net.ipv4.neigh.IFNAME.delay_first_probe_time=7", OptIfname, "lan0")
	o.Join.LinkLocal = []string{"169.254.7.8"}
	j := must(r.Attach(t.Context(), o))(t)
	if j.Iface != "lan0" {
		t.Errorf("%+v", j)
	}
	if out := r.in("a", "cat", "/proc/sys/net/ipv4/conf/lan0/log_martians", "/proc/sys/net/ipv4/neigh/lan0/delay_first_probe_time"); out != "1\n7\n" {
		t.Error(out)
	}
	if out := r.in("a", "ip", "addr", "show", "lan0"); !strings.Contains(out, "169.254.7.8/16") {
		t.Error(out)
	}
	id := r.container("b")
	for _, change := range []func(*record.Join){
		func(j *record.Join) { j.Options = with("colour", "red") },
		func(j *record.Join) { j.Options = with(OptSysctls, "net.ipv4.conf.all.log_martians=1") },
		func(j *record.Join) { j.Options = with(OptSysctls, "net.ipv4.conf.IFNAME.../../x=1") },
		func(j *record.Join) { j.Options = with(OptSysctls, "net.ipv4.conf.IFNAME.nothing=1") },
		func(j *record.Join) { j.LinkLocal = []string{"10.0.0.1"} },
		func(j *record.Join) { j.Interface = "a/b" },
		func(j *record.Join) { j.IPv6 = "fd00::5" },
	} {
		o := r.opts(id, "b", "n1")
		change(&o.Join)
		if _, err := r.Attach(t.Context(), o); !errs.Is(err, errs.Invalid) {
			t.Errorf("%+v: %v", o.Join, err)
		}
	}
}
