package resolver

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

func TestReverseNamesAreAddresses(t *testing.T) {
	for _, a := range []string{"10.1.2.3", "fd66:60::11", "2001:db8::1:0:0:ff"} {
		want := netip.MustParseAddr(a)
		name, err := dns.ReverseAddr(a)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := fromArpa(name); !ok || got != want {
			t.Errorf("%s: got %s %v", name, got, ok)
		}
	}
	for _, bad := range []string{"web.", "in-addr.arpa.", "1.2.3.in-addr.arpa.", "x.ip6.arpa.", "300.1.1.10.in-addr.arpa.", "::1.in-addr.arpa.", "0000" + strings.Repeat(".", 4) + strings.Repeat("0.", 27) + "0.ip6.arpa."} {
		if a, ok := fromArpa(bad); ok {
			t.Errorf("%s: got %s", bad, a)
		}
	}
}

func TestTurns(t *testing.T) {
	s := &Server{}
	addrs := []netip.Addr{netip.MustParseAddr("10.1.1.1"), netip.MustParseAddr("10.1.1.2"), netip.MustParseAddr("10.1.1.3")}
	first := map[netip.Addr]int{}
	for range 6 {
		got := s.rotated(addrs)
		if len(got) != len(addrs) {
			t.Fatalf("got %v", got)
		}
		first[got[0]]++
	}
	for _, a := range addrs {
		if first[a] != 2 {
			t.Errorf("%s came first %d times", a, first[a])
		}
	}
}
