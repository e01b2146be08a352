package resolver

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// FuzzFromArpa: a name is that of an address only in the one form that RFC 1035, 3.5 and
// RFC 3596, 2.5 give it.
func FuzzFromArpa(f *testing.F) {
	nibbles := strings.Repeat("0.", 31) + "1"
	for _, s := range []string{
		"3.2.1.10.in-addr.arpa.", "3.2.1.10.IN-ADDR.ARPA", "::1.in-addr.arpa.", "03.2.1.10.in-addr.arpa.", "fe80::1%eth0.in-addr.arpa.",
		nibbles + ".ip6.arpa.", nibbles + ".IP6.ARPA", strings.Repeat(".", 31) + "::.ip6.arpa.", "0000" + strings.Repeat(".", 4) + strings.Repeat("0.", 27) + "0.ip6.arpa.",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		a, ok := fromArpa(name)
		if !ok {
			return
		}
		want, err := dns.ReverseAddr(a.String())
		if a.Is4In6() {
			return // the library writes those as IPv4
		}
		if err != nil || want != dns.Fqdn(strings.ToLower(name)) {
			t.Fatalf("%q is taken for %s, which is %s, %v", name, a, want, err)
		}
	})
}

// FuzzQuestion: a packet that is a question is answered by one that is its answer and
// can be sent; so is what an upstream says to it.
func FuzzQuestion(f *testing.F) {
	for _, name := range []string{"web.", "WEB.", HealthName, "3.1.1.10.in-addr.arpa.", "example.com."} {
		for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA, dns.TypePTR, dns.TypeANY, dns.TypeAXFR} {
			q := new(dns.Msg).SetQuestion(name, kind)
			q.SetEdns0(1232, true)
			text, err := q.Pack()
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
			r := new(dns.Msg).SetReply(q)
			r.Extra = append(r.Extra, &dns.TSIG{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeTSIG, Class: dns.ClassANY}})
			if text, err = r.Pack(); err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	asker := netip.MustParseAddr("10.1.1.7")
	s := &Server{Addr: netip.MustParseAddr("10.1.1.1"), Names: members{addrs: map[string][]netip.Addr{"web": addrs("10.1.1.2", "10.1.1.3")}}}
	f.Fuzz(func(t *testing.T, packet []byte) {
		q := new(dns.Msg)
		if q.Unpack(packet) != nil {
			return
		}
		code := acceptable(q)
		r := reply(q, code)
		if code == dns.RcodeSuccess {
			r = s.own(asker, q)
		}
		if r != nil {
			if opt := q.IsEdns0(); opt != nil { // as write does
				r.SetEdns0(maxPacket, opt.Do())
			}
			if _, err := r.Pack(); err != nil || r.Id != q.Id || !r.Response {
				t.Fatalf("%v\n%s\nis answered by\n%s", err, q, r)
			}
		}
		if ask := questionOf(q); answers(q, ask) && q.Id != ask.Id {
			t.Fatalf("taken for the answer of another:\n%s", q)
		}
		first := new(dns.Msg).SetQuestion("web.", dns.TypeA)
		on := passOn(first, q)
		if on.Id != first.Id || on.IsEdns0() != nil || on.IsTsig() != nil || on.Rcode > 0xf {
			t.Fatalf("passed on:\n%s", on)
		}
	})
}
