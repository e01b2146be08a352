package resolver

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// members are names that a server knows: who is asked for by the loopback address is
// in the network 10.1.1.0/24, unless nobody may ask.
type members struct {
	addrs  map[string][]netip.Addr
	nobody bool
}

func (m members) Lookup(_ netip.Addr, name string) ([]netip.Addr, bool) {
	a, known := m.addrs[name]
	return a, known
}

func (m members) Reverse(_, addr netip.Addr) []string {
	var out []string
	for n, as := range m.addrs {
		if slices.Contains(as, addr) {
			out = append(out, n)
		}
	}
	return out
}

func (m members) Inside(a netip.Addr) bool {
	return !m.nobody && (a.IsLoopback() || netip.MustParsePrefix("10.1.1.0/24").Contains(a))
}

func addrs(as ...string) []netip.Addr {
	var out []netip.Addr
	for _, a := range as {
		out = append(out, netip.MustParseAddr(a))
	}
	return out
}

// upstream is one of the host's resolvers: it lets reply do what it wants, and counts
// what it was asked.
type upstream struct {
	at    netip.AddrPort
	lock  sync.Mutex
	asked []*dns.Msg
	nets  []string
}

func (u *upstream) count() int { return len(u.questions()) }

func (u *upstream) questions() []*dns.Msg {
	u.lock.Lock()
	defer u.lock.Unlock()
	return slices.Clone(u.asked)
}

func (u *upstream) networks() string {
	u.lock.Lock()
	defer u.lock.Unlock()
	return strings.Join(u.nets, " ")
}

// newUpstream answers with reply(question, "udp" or "tcp", send): each message that it
// sends goes out.
func newUpstream(t *testing.T, reply func(q *dns.Msg, network string, send func(*dns.Msg))) *upstream {
	t.Helper()
	u := &upstream{}
	packets, streams := listen(t)
	u.at = packets.LocalAddr().(*net.UDPAddr).AddrPort()
	h := dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		network := w.RemoteAddr().Network()
		u.lock.Lock()
		u.asked, u.nets = append(u.asked, q), append(u.nets, network)
		u.lock.Unlock()
		reply(q, network, func(r *dns.Msg) { w.WriteMsg(r) })
	})
	start(t, &dns.Server{PacketConn: packets, Handler: h, UDPSize: 4096}, &dns.Server{Listener: streams, Handler: h})
	return u
}

func start(t *testing.T, servers ...*dns.Server) {
	for _, s := range servers {
		up := make(chan struct{})
		s.NotifyStartedFunc = func() { close(up) }
		go s.ActivateAndServe()
		<-up
		t.Cleanup(func() { s.Shutdown() })
	}
}

// listen has the same port for packets and streams.
func listen(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	for range 20 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		p, err := net.ListenPacket("udp", l.Addr().String())
		if err == nil {
			t.Cleanup(func() { l.Close(); p.Close() })
			return p, l
		}
		l.Close()
	}
	t.Fatal("no port is free for both")
	return nil, nil
}

// answering is an upstream that knows one record for everything.
func answering(text string) func(*dns.Msg, string, func(*dns.Msg)) {
	return func(q *dns.Msg, _ string, send func(*dns.Msg)) {
		r := new(dns.Msg).SetReply(q)
		rr, err := dns.NewRR(q.Question[0].Name + " 60 IN " + text)
		if err != nil {
			panic(err)
		}
		r.Answer = []dns.RR{rr}
		send(r)
	}
}

func silent(*dns.Msg, string, func(*dns.Msg)) {}

func failing(code int) func(*dns.Msg, string, func(*dns.Msg)) {
	return func(q *dns.Msg, _ string, send func(*dns.Msg)) { send(new(dns.Msg).SetRcode(q, code)) }
}

// newServer serves the members and asks the upstreams, which may take long; it returns
// where.
func newServer(t *testing.T, m members, ups ...*upstream) string {
	t.Helper()
	return hastyServer(t, time.Minute, m, ups...)
}

// hastyServer is newServer with patience for an upstream.
func hastyServer(t *testing.T, patience time.Duration, m members, ups ...*upstream) string {
	t.Helper()
	s := &Server{Addr: netip.MustParseAddr("10.1.1.1"), Names: m, Patience: patience}
	s.Upstream = func() (out []netip.AddrPort) {
		for _, u := range ups {
			out = append(out, u.at)
		}
		return out
	}
	packets, streams := listen(t)
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- s.serve(t.Context(), packets, streams, func() { close(ready) }) }()
	<-ready
	t.Cleanup(func() {
		packets.Close()
		streams.Close()
		<-ended
	})
	return packets.LocalAddr().String()
}

// ask asks a server; change alters the question.
func ask(t *testing.T, at, network, name string, kind uint16, change ...func(*dns.Msg)) *dns.Msg {
	t.Helper()
	q := new(dns.Msg).SetQuestion(dns.Fqdn(name), kind)
	for _, c := range change {
		c(q)
	}
	r, _, err := (&dns.Client{Net: network, Timeout: time.Minute}).Exchange(q, at)
	if err != nil {
		t.Fatalf("%s %s by %s: %v", name, dns.TypeToString[kind], network, err)
	}
	return r
}

// said is an answer in short: the code, and the data of the records.
func said(r *dns.Msg) string {
	out := []string{dns.RcodeToString[r.Rcode]}
	for _, rr := range r.Answer {
		f := strings.Fields(rr.String())
		out = append(out, strings.Join(f[3:], " "))
	}
	return strings.Join(out, " ")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
