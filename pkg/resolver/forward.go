package resolver

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// forward asks the host's resolvers one after the other, by TCP what does not fit a
// packet. Nobody there is a failure of the server, so that the asker tries its
// next one.
func (s *Server) forward(q *dns.Msg, tcp bool) *dns.Msg {
	ups := s.Upstream()
	if len(ups) == 0 {
		return reply(q, dns.RcodeNameError)
	}
	last := reply(q, dns.RcodeServerFailure)
	for _, up := range ups {
		if up.Addr().Unmap() == s.Addr {
			continue // it would ask itself
		}
		r, err := s.exchange(q, up, tcp)
		if err != nil {
			continue
		}
		r = passOn(q, r)
		if r.Rcode != dns.RcodeServerFailure && r.Rcode != dns.RcodeRefused {
			return r
		}
		last = r
	}
	return last
}

// passOn is the answer of another to the own question as one to q. What is for the
// next hop alone is left out (OPT, RFC 6891, 6.2.1).
func passOn(q, r *dns.Msg) *dns.Msg {
	r.Id, r.Question = q.Id, q.Question
	extra := r.Extra[:0]
	for _, rr := range r.Extra {
		if t := rr.Header().Rrtype; t != dns.TypeOPT && t != dns.TypeTSIG {
			extra = append(extra, rr)
		}
	}
	r.Extra = extra
	if r.Rcode > 0xf { // it needs an OPT, and speaks of that of the own question
		r.Rcode = dns.RcodeServerFailure
	}
	return r
}

// questionOf is q as this server asks it: with an id that who sees the asker's cannot
// guess, and nothing of what is between asker and server alone.
func questionOf(q *dns.Msg) *dns.Msg {
	ask := new(dns.Msg)
	ask.Id, ask.Question = dns.Id(), q.Question
	ask.RecursionDesired, ask.CheckingDisabled, ask.AuthenticatedData = q.RecursionDesired, q.CheckingDisabled, q.AuthenticatedData
	if opt := q.IsEdns0(); opt != nil {
		ask.SetEdns0(maxPacket, opt.Do())
	}
	return ask
}

func (s *Server) exchange(q *dns.Msg, up netip.AddrPort, tcp bool) (*dns.Msg, error) {
	ask := questionOf(q)
	if tcp {
		return s.ask("tcp", ask, up)
	}
	r, err := s.ask("udp", ask, up)
	if err == nil && r.Truncated {
		if whole, err := s.ask("tcp", ask, up); err == nil {
			return whole, nil
		}
	}
	return r, err
}

// ask sends a question and waits for the answer to it. A packet that is no answer to
// it, whoever sent it, is no reason to stop waiting (RFC 5452, 9.1).
func (s *Server) ask(network string, ask *dns.Msg, up netip.AddrPort) (*dns.Msg, error) {
	limit := s.Patience
	if limit == 0 {
		limit = upstreamFor
	}
	c, err := dns.DialTimeout(network, up.String(), limit)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	c.UDPSize = dns.MaxMsgSize - 1
	if err := c.SetDeadline(time.Now().Add(limit)); err != nil {
		return nil, err
	}
	if err := c.WriteMsg(ask); err != nil {
		return nil, err
	}
	for {
		r, err := c.ReadMsg()
		if _, broken := errors.AsType[net.Error](err); broken {
			return nil, err
		}
		switch {
		case err == nil && answers(r, ask):
			return r, nil
		case network == "tcp" && err == nil:
			return nil, errors.New("the answer is to another question")
		case network == "tcp":
			return nil, err
		}
	}
}

// answers reports whether r is an answer to the question ask.
func answers(r, ask *dns.Msg) bool {
	if !r.Response || r.Id != ask.Id || r.Opcode != dns.OpcodeQuery || len(r.Question) != 1 {
		return false
	}
	a, b := r.Question[0], ask.Question[0]
	return a.Qtype == b.Qtype && a.Qclass == b.Qclass && strings.EqualFold(a.Name, b.Name)
}
