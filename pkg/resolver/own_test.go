package resolver

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// Names of members, in both directions, and what is known not to be there.
func TestOwnNames(t *testing.T) {
	up := newUpstream(t, answering("A 192.0.2.9"))
	at := newServer(t, members{addrs: map[string][]netip.Addr{
		"web": addrs("10.1.1.2", "fd00::2"), "old": addrs("10.1.1.3"), "v6": addrs("fd00::4"),
	}}, up)
	for _, c := range []struct {
		name string
		kind uint16
		want string
		ours bool
	}{
		{"web", dns.TypeA, "NOERROR A 10.1.1.2", true},
		{"WeB", dns.TypeAAAA, "NOERROR AAAA fd00::2", true},
		{"web", dns.TypeANY, "", true},
		{"old", dns.TypeAAAA, "NOERROR", true}, // no data: it is there, without IPv6
		{"v6", dns.TypeA, "NOERROR", true},
		{"web", dns.TypeMX, "NOERROR", true},
		{"web", dns.TypeHTTPS, "NOERROR", true},
		{"2.1.1.10.in-addr.arpa", dns.TypePTR, "NOERROR PTR web.", true},
		{strings.TrimSuffix(must(dns.ReverseAddr("fd00::2")), "."), dns.TypePTR, "NOERROR PTR web.", true},
		{"9.1.1.10.in-addr.arpa", dns.TypePTR, "NXDOMAIN", true}, // of the network, and nobody's
		{"health.pouch.internal", dns.TypeA, "NOERROR A 10.1.1.1", false},
		{"health.pouch.internal", dns.TypeAAAA, "NOERROR", false},
		{"web.example.com", dns.TypeA, "NOERROR A 192.0.2.9", false}, // a search domain makes another name of it
		{"1.2.0.192.in-addr.arpa", dns.TypeA, "NOERROR A 192.0.2.9", false},
	} {
		for _, network := range []string{"udp", "tcp"} {
			r := ask(t, at, network, c.name, c.kind)
			if got := said(r); c.want != "" && got != c.want || r.Authoritative != c.ours || !r.RecursionAvailable && c.ours {
				t.Errorf("%s %s by %s: %s, ours %v, want %s", c.name, dns.TypeToString[c.kind], network, got, r.Authoritative, c.want)
			}
			if c.kind == dns.TypeANY && len(r.Answer) != 2 {
				t.Errorf("any: %v", r.Answer)
			}
		}
	}
	if up.count() != 4 {
		t.Errorf("the upstream was asked %d times, not for what is not the members': %v", up.count(), up.questions())
	}
}

// What is no question is refused, and the server goes on.
func TestRefused(t *testing.T) {
	up := newUpstream(t, answering("A 192.0.2.9"))
	at := newServer(t, members{addrs: map[string][]netip.Addr{"web": addrs("10.1.1.2")}}, up)
	for want, change := range map[string]func(*dns.Msg){
		"BADVERS": func(q *dns.Msg) { q.SetEdns0(1232, false); q.IsEdns0().SetVersion(1) },
		"REFUSED": func(q *dns.Msg) { q.Question[0].Qclass = dns.ClassCHAOS },
		"NOTIMP":  func(q *dns.Msg) { q.Opcode = dns.OpcodeNotify },
	} {
		// code 16 has two names
		if r := ask(t, at, "udp", "web", dns.TypeA, change); dns.RcodeToString[r.Rcode] != want && !(want == "BADVERS" && r.Rcode == dns.RcodeBadVers) {
			t.Errorf("%s, want %s", r, want)
		}
	}
	if r := ask(t, at, "tcp", "web", dns.TypeAXFR); r.Rcode != dns.RcodeRefused {
		t.Errorf("a transfer: %s", r)
	}
	if up.count() != 0 {
		t.Errorf("it went on to %v", up.questions())
	}
	for _, text := range []string{"", "x", strings.Repeat("\xff", 500), "\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01"} {
		c, err := net.Dial("udp", at)
		if err != nil {
			t.Fatal(err)
		}
		c.Write([]byte(text))
		c.Close()
	}
	if got := said(ask(t, at, "udp", "web", dns.TypeA)); got != "NOERROR A 10.1.1.2" {
		t.Errorf("after nonsense: %s", got)
	}
}

// Without resolvers to ask, as in an internal network, other names are not there.
func TestNobodyToAsk(t *testing.T) {
	at := newServer(t, members{})
	if got := said(ask(t, at, "udp", "example.com", dns.TypeA)); got != "NXDOMAIN" {
		t.Error(got)
	}
}

// Connections have a bound, and those of who may not ask do not count.
func TestConnectionsAreBounded(t *testing.T) {
	_, l := listen(t)
	may := true
	b := &bounded{Listener: l, room: make(chan struct{}, 1), may: func(netip.Addr) bool { return may }}
	accepted := make(chan net.Conn)
	go func() {
		for {
			c, err := b.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	dial()
	first := <-accepted
	dial()
	select {
	case <-accepted:
		t.Error("two have a place where there is one")
	case <-time.After(100 * time.Millisecond):
	}
	may = false
	stranger := dial()
	first.Close()
	first.Close() // gives no second place back
	stranger.SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := stranger.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("who may not ask: %v", err)
	}
	if len(b.room) != 1 {
		t.Errorf("%d places are taken, want that of who waits", len(b.room))
	}
}
