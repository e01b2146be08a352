// Package resolver answers the questions for names (RFC 1035) that the members of
// networks ask: for each other by itself, for all else from the host's resolvers.
// It is the only user of the DNS library.
package resolver

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/miekg/dns"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Limits of a server.
const (
	ttl         = 5               // seconds: members come and go
	maxInFlight = 512             // questions that are asked of others
	maxOfOne    = 128             // of one asker
	maxStreams  = 256             // connections of askers
	maxPacket   = 1232            // bytes of an answer by UDP: what no link has to cut (RFC 9715)
	maxQuestion = 4096            // bytes
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

	// Patience is how long one of the host's resolvers may take; 0: three seconds.
	Patience time.Duration

	busy turns
	turn sync.Mutex
	last int
}

// Serve answers on port 53 of its address, by UDP and TCP, until ctx ends. ready is
// called when it listens. Kind conflict when somebody has the port.
func (s *Server) Serve(ctx context.Context, ready func()) error {
	at := netip.AddrPortFrom(s.Addr, 53).String()
	packets, err := new(net.ListenConfig).ListenPacket(ctx, "udp", at)
	if err != nil {
		return errs.New(errs.Conflict, "listen for questions: %w", err)
	}
	defer packets.Close()
	streams, err := new(net.ListenConfig).Listen(ctx, "tcp", at)
	if err != nil {
		return errs.New(errs.Conflict, "listen for questions: %w", err)
	}
	defer streams.Close()
	return s.serve(ctx, packets, &bounded{Listener: streams, room: make(chan struct{}, maxStreams), may: s.may}, ready)
}

func (s *Server) serve(ctx context.Context, packets net.PacketConn, streams net.Listener, ready func()) error {
	h := dns.HandlerFunc(s.answer)
	servers := []*dns.Server{
		{PacketConn: packets, Handler: h, UDPSize: maxQuestion},
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

// may reports whether somebody may ask at all.
func (s *Server) may(asker netip.Addr) bool { return s.Names.Inside(asker) || ownAddress(asker) }

func (s *Server) answer(w dns.ResponseWriter, q *dns.Msg) {
	asker := addrOf(w.RemoteAddr())
	if !s.may(asker) {
		return // no open resolver: who is outside hears nothing
	}
	if code := acceptable(q); code != dns.RcodeSuccess {
		s.write(w, q, reply(q, code))
		return
	}
	r := s.own(asker, q)
	if r == nil {
		r = s.others(asker, q, isStream(w))
	}
	s.write(w, q, r)
}

// acceptable tells what is no question that a resolver answers.
func acceptable(q *dns.Msg) int {
	opt := q.IsEdns0()
	switch {
	case len(q.Question) != 1 || q.Opcode != dns.OpcodeQuery:
		return dns.RcodeNotImplemented
	case opt != nil && opt.Version() != 0: // RFC 6891, 6.1.3
		return dns.RcodeBadVers
	case q.Question[0].Qclass != dns.ClassINET:
		return dns.RcodeRefused
	case q.Question[0].Qtype == dns.TypeAXFR || q.Question[0].Qtype == dns.TypeIXFR:
		return dns.RcodeRefused
	}
	return dns.RcodeSuccess
}

// others asks the host's resolvers, unless too many questions are on their way.
func (s *Server) others(asker netip.Addr, q *dns.Msg, tcp bool) *dns.Msg {
	if !s.busy.take(asker) {
		return reply(q, dns.RcodeServerFailure)
	}
	defer s.busy.done(asker)
	return s.forward(q, tcp)
}

func reply(q *dns.Msg, code int) *dns.Msg {
	r := new(dns.Msg).SetRcode(q, code)
	r.RecursionAvailable = true
	return r
}

func isStream(w dns.ResponseWriter) bool { return w.RemoteAddr().Network() == "tcp" }

// write sends an answer, cut to what the asker can take (RFC 6891, 6.2.3 and 6.2.5):
// it then asks again by TCP.
func (s *Server) write(w dns.ResponseWriter, q, r *dns.Msg) {
	size := dns.MinMsgSize
	if opt := q.IsEdns0(); opt != nil {
		size = min(max(int(opt.UDPSize()), dns.MinMsgSize), maxPacket)
		r.SetEdns0(maxPacket, opt.Do())
	}
	if isStream(w) {
		size = dns.MaxMsgSize
	}
	r.Truncate(size)
	w.WriteMsg(r) //nolint:errcheck // the asker is gone
}
