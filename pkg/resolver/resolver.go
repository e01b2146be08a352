// Package resolver answers the questions for names (RFC 1035) that the members of
// networks ask: for each other by itself, for all else from the host's resolvers.
// It is the only user of the DNS library.
package resolver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Limits of a server.
const (
	ttl         = 5 // seconds: members come and go
	maxInFlight = 512
	upstreamFor = 3 * time.Second // for one of the host's resolvers
)

// HealthName is a name that every server answers, with its own address.
const HealthName = "health.pouch.internal."

// Names is what a server knows by itself.
type Names interface {
	// Lookup returns the addresses that name has for asker, and whether somebody
	// is called so at all.
	Lookup(asker netip.Addr, name string) (addrs []netip.Addr, known bool)

	// Reverse returns the names of the member with an address, for asker.
	Reverse(asker, addr netip.Addr) []string

	// Inside reports whether asker may ask at all.
	Inside(asker netip.Addr) bool
}

// Server answers on one address.
type Server struct {
	Addr     netip.Addr
	Names    Names
	Upstream func() []netip.AddrPort // the host's resolvers, asked in this order; none: what is no member's name is not known

	busy chan struct{}
	turn sync.Mutex
	last int
}

// Serve answers on port 53 of its address, by UDP and TCP, until ctx ends. ready is
// called when it listens. Kind conflict when somebody has the port.
func (s *Server) Serve(ctx context.Context, ready func()) error {
	s.busy = make(chan struct{}, maxInFlight)
	at := netip.AddrPortFrom(s.Addr, 53).String()
	packets, err := net.ListenPacket("udp", at)
	if err != nil {
		return errs.New(errs.Conflict, "listen for questions: %w", err)
	}
	defer packets.Close()
	streams, err := net.Listen("tcp", at)
	if err != nil {
		return errs.New(errs.Conflict, "listen for questions: %w", err)
	}
	defer streams.Close()
	h := dns.HandlerFunc(s.answer)
	servers := []*dns.Server{
		{PacketConn: packets, Handler: h},
		{Listener: streams, Handler: h, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, MaxTCPQueries: 64},
	}
	done := make(chan error, len(servers))
	for _, srv := range servers {
		go func() { done <- srv.ActivateAndServe() }()
	}
	ready()
	select {
	case <-ctx.Done():
		return nil
	case err := <-done:
		return err
	}
}

func (s *Server) answer(w dns.ResponseWriter, q *dns.Msg) {
	asker := addrOf(w.RemoteAddr())
	if !s.Names.Inside(asker) && !ownAddress(asker) {
		return // no open resolver: who is outside hears nothing
	}
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
	default:
		s.refuse(w, q, dns.RcodeServerFailure)
		return
	}
	if len(q.Question) != 1 || q.Opcode != dns.OpcodeQuery {
		s.refuse(w, q, dns.RcodeNotImplemented)
		return
	}
	r := s.own(asker, q)
	if r == nil {
		r = s.forward(q, w.RemoteAddr().Network() == "tcp")
	}
	s.write(w, q, r)
}

func (s *Server) refuse(w dns.ResponseWriter, q *dns.Msg, code int) {
	s.write(w, q, new(dns.Msg).SetRcode(q, code))
}

// write sends an answer, cut to what the asker can take (RFC 6891): it then asks
// again by TCP.
func (s *Server) write(w dns.ResponseWriter, q, r *dns.Msg) {
	size := dns.MinMsgSize
	if opt := q.IsEdns0(); opt != nil {
		size = max(int(opt.UDPSize()), dns.MinMsgSize)
		if r.IsEdns0() == nil {
			r.SetEdns0(1232, false)
		}
	}
	if w.RemoteAddr().Network() == "tcp" {
		size = dns.MaxMsgSize
	}
	r.Truncate(size)
	w.WriteMsg(r) //nolint:errcheck // the asker is gone
}

// own is the answer for a member's name or address, nil for all else.
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
	if len(names) == 0 {
		return nil
	}
	r.Authoritative = true
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

// forward asks the host's resolvers one after the other, by TCP what does not fit a
// packet. Nobody there is a failure of the server, so that the asker tries its
// next one.
func (s *Server) forward(q *dns.Msg, tcp bool) *dns.Msg {
	last := new(dns.Msg).SetRcode(q, dns.RcodeServerFailure)
	ups := s.Upstream()
	if len(ups) == 0 {
		return new(dns.Msg).SetRcode(q, dns.RcodeNameError)
	}
	for _, up := range ups {
		if up.Addr().Unmap() == s.Addr {
			continue // it would ask itself
		}
		r, err := exchange(q, up, tcp)
		if err != nil {
			continue
		}
		r.Id = q.Id
		if r.Rcode != dns.RcodeServerFailure && r.Rcode != dns.RcodeRefused {
			return r
		}
		last = r
	}
	return last
}

func exchange(q *dns.Msg, up netip.AddrPort, tcp bool) (*dns.Msg, error) {
	ask := q.Copy()
	ask.Id = dns.Id() // not to be guessed by who sees the asker's
	c := &dns.Client{Timeout: upstreamFor, UDPSize: 4096}
	if tcp {
		c.Net = "tcp"
	}
	r, _, err := c.Exchange(ask, up.String())
	if err == nil && r.Truncated && !tcp {
		c.Net = "tcp"
		if whole, _, terr := c.Exchange(ask, up.String()); terr == nil {
			return whole, nil
		}
	}
	return r, err
}

// Check asks the server at an address for its health. Kind unavailable when it does
// not answer.
func Check(ctx context.Context, server netip.Addr, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	q := new(dns.Msg).SetQuestion(HealthName, dns.TypeA)
	if server.Is6() {
		q.SetQuestion(HealthName, dns.TypeAAAA)
	}
	r, _, err := (&dns.Client{}).ExchangeContext(ctx, q, netip.AddrPortFrom(server, 53).String())
	if err == nil && len(r.Answer) == 0 {
		err = errors.New("it does not know itself")
	}
	if err != nil {
		return errs.New(errs.Unavailable, "resolver at %s: %w", server, err)
	}
	return nil
}

// ownAddress reports whether the host itself asks: nobody else's packets have an
// address of its as their source (RFC 1812, 5.3.7). A rule that masquerades may
// have given the question any of them.
func ownAddress(asker netip.Addr) bool {
	if asker.IsLoopback() {
		return true
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr() == asker {
			return true
		}
	}
	return false
}

func addrOf(a net.Addr) netip.Addr {
	p, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	return p.Addr().Unmap().WithZone("")
}

// fromArpa reads the name of a PTR question.
func fromArpa(name string) (netip.Addr, bool) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if rest, ok := strings.CutSuffix(name, ".in-addr.arpa"); ok {
		parts := strings.Split(rest, ".")
		reverse(parts)
		a, err := netip.ParseAddr(strings.Join(parts, "."))
		return a, err == nil
	}
	rest, ok := strings.CutSuffix(name, ".ip6.arpa")
	parts := strings.Split(rest, ".")
	if !ok || len(parts) != 32 {
		return netip.Addr{}, false
	}
	reverse(parts)
	var b strings.Builder
	for i, p := range parts {
		if i > 0 && i%4 == 0 {
			b.WriteByte(':')
		}
		b.WriteString(p)
	}
	a, err := netip.ParseAddr(b.String())
	return a, err == nil
}

func reverse(s []string) {
	for i, j := 0, len(s)-1; i < j; i, j = i+1, j-1 {
		s[i], s[j] = s[j], s[i]
	}
}
