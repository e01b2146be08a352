package resolver

import (
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

// own is the answer for a member's name or address, nil for all else. A name that is
// known, but not with what is asked for, has an answer without records (RFC 2308,
// 2.2). So nobody takes a member that has no IPv6 address for one that is not there.
func (s *Server) own(asker netip.Addr, q *dns.Msg) *dns.Msg {
	in := q.Question[0]
	name := strings.ToLower(in.Name)
	r := new(dns.Msg).SetReply(q)
	r.RecursionAvailable = true
	if name == HealthName {
		r.Answer = s.records(in, []netip.Addr{s.Addr})
		return r
	}
	if in.Qtype == dns.TypePTR {
		return s.pointer(asker, in, r)
	}
	addrs, known := s.Names.Lookup(asker, strings.TrimSuffix(name, "."))
	if !known {
		return nil
	}
	r.Authoritative = true
	r.Answer = s.records(in, s.rotated(addrs))
	return r
}

func (s *Server) pointer(asker netip.Addr, in dns.Question, r *dns.Msg) *dns.Msg {
	a, ok := fromArpa(in.Name)
	if !ok {
		return nil
	}
	names := s.Names.Reverse(asker, a)
	if len(names) == 0 && !s.Names.Inside(a) {
		return nil
	}
	r.Authoritative = true
	if len(names) == 0 { // nobody outside knows more of the network's addresses
		r.Rcode = dns.RcodeNameError
	}
	for _, n := range names {
		r.Answer = append(r.Answer, &dns.PTR{Hdr: head(in, dns.TypePTR), Ptr: dns.Fqdn(n)})
	}
	return r
}

func head(in dns.Question, kind uint16) dns.RR_Header {
	return dns.RR_Header{Name: in.Name, Rrtype: kind, Class: dns.ClassINET, Ttl: ttl}
}

func (s *Server) records(in dns.Question, addrs []netip.Addr) []dns.RR {
	var out []dns.RR
	for _, a := range addrs {
		switch {
		case a.Is4() && (in.Qtype == dns.TypeA || in.Qtype == dns.TypeANY):
			out = append(out, &dns.A{Hdr: head(in, dns.TypeA), A: a.AsSlice()})
		case a.Is6() && (in.Qtype == dns.TypeAAAA || in.Qtype == dns.TypeANY):
			out = append(out, &dns.AAAA{Hdr: head(in, dns.TypeAAAA), AAAA: a.AsSlice()})
		}
	}
	return out
}

// rotated begins with another address each time: members that share a name are
// asked by turns.
func (s *Server) rotated(addrs []netip.Addr) []netip.Addr {
	if len(addrs) < 2 {
		return addrs
	}
	s.turn.Lock()
	s.last++
	n := s.last % len(addrs)
	s.turn.Unlock()
	return append(append([]netip.Addr{}, addrs[n:]...), addrs[:n]...)
}
