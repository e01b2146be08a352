package resolver

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// many is an upstream with an answer of n records of 100 bytes: what does not fit the
// question's packet is left out, and said to be.
func many(n int) func(*dns.Msg, string, func(*dns.Msg)) {
	return func(q *dns.Msg, network string, send func(*dns.Msg)) {
		r := new(dns.Msg).SetReply(q)
		for i := range n {
			r.Answer = append(r.Answer, &dns.TXT{Hdr: head(q.Question[0], dns.TypeTXT), Txt: []string{fmt.Sprintf("%0100d", i)}})
		}
		size := dns.MinMsgSize
		if o := q.IsEdns0(); o != nil {
			size = int(o.UDPSize())
			r.SetEdns0(4096, o.Do())
		}
		if network == "udp" {
			r.Truncate(size)
		}
		send(r)
	}
}

func edns(size uint16, do bool) func(*dns.Msg) {
	return func(q *dns.Msg) { q.SetEdns0(size, do) }
}

// What does not fit the asker's packet is cut, and whole by TCP (RFC 6891, RFC 7766).
func TestSizes(t *testing.T) {
	names := members{addrs: map[string][]netip.Addr{"all": nil}}
	for i := range 200 {
		names.addrs["all"] = append(names.addrs["all"], netip.AddrFrom4([4]byte{10, 1, 1, byte(i)}))
	}
	at := newServer(t, names, newUpstream(t, many(30)))
	for _, c := range []struct {
		what, name, network string
		kind                uint16
		change              []func(*dns.Msg)
		most, whole         int // bytes at most; records of the whole answer
	}{
		{"a plain question", "big.example", "udp", dns.TypeTXT, nil, 512, 30},
		{"the asker's size", "big.example", "udp", dns.TypeTXT, []func(*dns.Msg){edns(900, false)}, 900, 30},
		{"a size that is too small", "big.example", "udp", dns.TypeTXT, []func(*dns.Msg){edns(100, false)}, 512, 30},
		{"a size that links cut", "big.example", "udp", dns.TypeTXT, []func(*dns.Msg){edns(4096, false)}, maxPacket, 30},
		{"members", "all", "udp", dns.TypeA, nil, 512, 200},
	} {
		r := ask(t, at, c.network, c.name, c.kind, c.change...)
		r.Compress = true // as it was sent
		if !r.Truncated || r.Len() > c.most || len(r.Answer) == 0 || len(r.Answer) >= c.whole {
			t.Errorf("%s: cut %v, %d bytes, %d records", c.what, r.Truncated, r.Len(), len(r.Answer))
		}
		if o := r.IsEdns0(); (o != nil) != (c.change != nil) || o != nil && o.UDPSize() != maxPacket {
			t.Errorf("%s: OPT %v", c.what, o)
		}
		if r := ask(t, at, "tcp", c.name, c.kind, c.change...); r.Truncated || len(r.Answer) != c.whole {
			t.Errorf("%s by TCP: cut %v, %d records", c.what, r.Truncated, len(r.Answer))
		}
	}
	if r := ask(t, at, "udp", "all", dns.TypeAAAA, edns(1232, true)); r.IsEdns0() == nil || !r.IsEdns0().Do() {
		t.Errorf("an own answer: %s", r)
	}
}

// What is between asker and server, or server and upstream, alone goes no further.
func TestHops(t *testing.T) {
	up := newUpstream(t, func(q *dns.Msg, n string, send func(*dns.Msg)) {
		answering("A 192.0.2.9")(q, n, func(r *dns.Msg) {
			r.SetEdns0(4096, false)
			r.IsEdns0().Option = append(r.IsEdns0().Option, &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "00112233445566778899aabbccddeeff"})
			send(r)
		})
	})
	at := newServer(t, members{}, up)
	cookie := &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0123456789abcdef"}
	r := ask(t, at, "udp", "Example.com", dns.TypeA, edns(1400, true), func(q *dns.Msg) {
		q.IsEdns0().Option = append(q.IsEdns0().Option, cookie)
		q.CheckingDisabled = true
	})
	if o := r.IsEdns0(); said(r) != "NOERROR A 192.0.2.9" || o == nil || len(o.Option) != 0 || !o.Do() || r.Question[0].Name != "Example.com." {
		t.Errorf("the answer: %s", r)
	}
	q := up.questions()[0]
	if o := q.IsEdns0(); o == nil || len(o.Option) != 0 || !o.Do() || !q.CheckingDisabled || !q.RecursionDesired || q.Id == r.Id {
		t.Errorf("the question: %s", q)
	}
	if r := ask(t, at, "udp", "example.com", dns.TypeA); r.IsEdns0() != nil {
		t.Errorf("an asker without EDNS has %s", r)
	}
}

// An upstream that lies, sends nonsense, says that it cannot, or nothing: the next one
// is asked, and what is false reaches nobody.
func TestUpstreams(t *testing.T) {
	good := answering("A 192.0.2.9")
	lie := func(change func(r *dns.Msg)) func(*dns.Msg, string, func(*dns.Msg)) {
		return func(q *dns.Msg, n string, send func(*dns.Msg)) {
			answering("A 203.0.113.66")(q, n, func(r *dns.Msg) { change(r); send(r) })
		}
	}
	other := func(r *dns.Msg) { r.Question[0].Name = "bank.example." }
	for what, reply := range map[string]func(*dns.Msg, string, func(*dns.Msg)){
		"silent":                  silent,
		"fails":                   failing(dns.RcodeServerFailure),
		"refuses":                 failing(dns.RcodeRefused),
		"the id of another":       lie(func(r *dns.Msg) { r.Id++ }),
		"the question of another": lie(other),
		"another type":            lie(func(r *dns.Msg) { r.Question[0].Qtype = dns.TypeAAAA }),
		"no question":             lie(func(r *dns.Msg) { r.Question = nil }),
		"a question itself":       lie(func(r *dns.Msg) { r.Response = false }),
		"a code that is none":     lie(func(r *dns.Msg) { r.SetEdns0(1232, false); r.Rcode = 4000; r.Answer = nil }),
	} {
		// On a busy machine the good one, too, may need longer than what is to be short.
		wrong := ""
		for _, patience := range []time.Duration{700 * time.Millisecond, 5 * time.Second, 30 * time.Second} {
			if wrong = passedOver(t, patience, reply, good); wrong == "" {
				break
			}
		}
		if wrong != "" {
			t.Errorf("%s: %s", what, wrong)
		}
		alone := hastyServer(t, 700*time.Millisecond, members{}, newUpstream(t, reply))
		r := ask(t, alone, "udp", "example.com", dns.TypeA)
		if r.Rcode != dns.RcodeServerFailure && r.Rcode != dns.RcodeRefused || len(r.Answer) > 0 {
			t.Errorf("%s, with nobody else: %s", what, r)
		}
	}
}

// passedOver asks a server whose first upstream is bad, and tells what is wrong then.
func passedOver(t *testing.T, patience time.Duration, bad, good func(*dns.Msg, string, func(*dns.Msg))) string {
	t.Helper()
	first, second := newUpstream(t, bad), newUpstream(t, good)
	at := hastyServer(t, patience, members{}, first, second)
	for _, network := range []string{"udp", "tcp"} {
		if got := said(ask(t, at, network, "example.com", dns.TypeA)); got != "NOERROR A 192.0.2.9" {
			return "by " + network + ": " + got
		}
	}
	if first.count() != 2 || second.count() != 2 {
		return fmt.Sprintf("the first was asked %d times, the second %d", first.count(), second.count())
	}
	return ""
}

// A false answer that comes before the true one does not take its place.
func TestTheTrueAnswerIsWaitedFor(t *testing.T) {
	up := newUpstream(t, func(q *dns.Msg, n string, send func(*dns.Msg)) {
		for _, spoil := range []func(*dns.Msg){
			func(r *dns.Msg) { r.Id++ }, func(r *dns.Msg) { r.Question[0].Name = "bank.example." },
		} {
			answering("A 203.0.113.66")(q.Copy(), n, func(r *dns.Msg) { spoil(r); send(r) })
		}
		answering("A 192.0.2.9")(q, n, send)
	})
	at := newServer(t, members{}, up)
	if got := said(ask(t, at, "udp", "example.com", dns.TypeA)); got != "NOERROR A 192.0.2.9" {
		t.Error(got)
	}
}

// What an upstream says of a name is passed on: not there, or there without data.
func TestVerdictsArePassedOn(t *testing.T) {
	for code, want := range map[int]string{dns.RcodeNameError: "NXDOMAIN", dns.RcodeSuccess: "NOERROR", dns.RcodeFormatError: "FORMERR"} {
		first, second := newUpstream(t, failing(code)), newUpstream(t, answering("A 192.0.2.9"))
		if got := said(ask(t, newServer(t, members{}, first, second), "udp", "gone.example", dns.TypeA)); got != want || second.count() > 0 {
			t.Errorf("%s, want %s; the second was asked %d times", got, want, second.count())
		}
	}
}

// Upstreams that are slow keep nobody from the members' names, and one asker does
// not take all turns.
func TestSlowUpstreams(t *testing.T) {
	release := make(chan struct{})
	up := newUpstream(t, func(q *dns.Msg, n string, send func(*dns.Msg)) {
		<-release
		answering("A 192.0.2.9")(q, n, send)
	})
	s := &Server{Names: members{addrs: map[string][]netip.Addr{"web": addrs("10.1.1.2")}}, Patience: time.Minute}
	s.Upstream = func() []netip.AddrPort { return []netip.AddrPort{up.at} }
	q := new(dns.Msg).SetQuestion("slow.example.", dns.TypeA)
	var wg sync.WaitGroup
	codes := make(chan int, maxOfOne+50)
	for range maxOfOne + 50 {
		wg.Go(func() { codes <- s.others(netip.MustParseAddr("10.1.1.7"), q, false).Rcode })
	}
	for range 50 { // who is too much is told at once
		if c := <-codes; c != dns.RcodeServerFailure {
			t.Errorf("code %s", dns.RcodeToString[c])
		}
	}
	if r := s.own(netip.MustParseAddr("10.1.1.7"), new(dns.Msg).SetQuestion("web.", dns.TypeA)); r == nil || said(r) != "NOERROR A 10.1.1.2" {
		t.Errorf("a member: %v", r)
	}
	wg.Go(func() { codes <- s.others(netip.MustParseAddr("10.1.1.8"), q, false).Rcode })
	close(release)
	wg.Wait()
	for range maxOfOne + 1 {
		if c := <-codes; c != dns.RcodeSuccess {
			t.Errorf("code %s", dns.RcodeToString[c])
		}
	}
	if s.busy.all != 0 || len(s.busy.of) != 0 {
		t.Errorf("turns are taken: %+v", s.busy.of)
	}
}

// Nobody's questions come from a port or id that is known before.
func TestQuestionsAreNotGuessed(t *testing.T) {
	up := newUpstream(t, answering("A 192.0.2.9"))
	at := newServer(t, members{}, up)
	for range 20 {
		ask(t, at, "udp", "example.com", dns.TypeA, func(q *dns.Msg) { q.Id = 7 })
	}
	ids := map[uint16]bool{}
	for _, q := range up.questions() {
		ids[q.Id] = true
	}
	if len(ids) < 15 || up.networks() != strings.TrimSpace(strings.Repeat("udp ", 20)) {
		t.Errorf("%d ids in 20 questions by %s", len(ids), up.networks())
	}
}
