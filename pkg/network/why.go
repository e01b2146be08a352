package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
)

// Finding is one step of the way from a client to a published port.
type Finding struct {
	OK     bool   `json:"ok"`
	What   string `json:"what"`
	Remedy string `json:"remedy,omitempty"`
}

// connectTime is how long a connection may take.
const connectTime = 3 * time.Second

// inquiry collects what is found about one port of the host.
type inquiry struct {
	m        *Manager
	host     string
	port     uint16
	protocol string
	found    []Finding
}

// Why follows the way to a port of this host, HOST:PORT or HOST:PORT/udp, and tells
// at each step whether it is there and, if not, what would help; tcp is tried by a
// real connection. The last step that is not there makes it unreachable. It
// changes nothing. Kind invalid for what is no port.
func (m *Manager) Why(ctx context.Context, target string) ([]Finding, error) {
	q, err := m.inquire(target)
	if err != nil {
		return nil, err
	}
	ps, err := m.Published("")
	if err != nil {
		return nil, err
	}
	ps = slices.DeleteFunc(onPort(ps, q.port, q.protocol), func(p Published) bool { return !q.covers(p.HostIP) })
	q.local()
	if len(ps) == 0 {
		q.unpublished()
	}
	for _, p := range ps {
		q.follow(p)
	}
	if q.protocol == "tcp" {
		q.connect(ctx)
	}
	return q.found, nil
}

func (m *Manager) inquire(target string) (*inquiry, error) {
	place, protocol, _ := strings.Cut(target, "/")
	if protocol == "" {
		protocol = "tcp"
	}
	host, text, err := net.SplitHostPort(place)
	port, perr := strconv.ParseUint(text, 10, 16)
	if err != nil || perr != nil || port == 0 || !slices.Contains([]string{"tcp", "udp", "sctp"}, protocol) {
		return nil, errs.New(errs.Invalid, "%q: not HOST:PORT or HOST:PORT/PROTOCOL", target)
	}
	if host == "" || host == "localhost" {
		host = "127.0.0.1"
	}
	return &inquiry{m: m, host: host, port: uint16(port), protocol: protocol}, nil
}

func (q *inquiry) ok(format string, a ...any) {
	q.found = append(q.found, Finding{OK: true, What: fmt.Sprintf(format, a...)})
}

func (q *inquiry) no(remedy, format string, a ...any) {
	q.found = append(q.found, Finding{What: fmt.Sprintf(format, a...), Remedy: remedy})
}

// covers reports whether a port published on hostIP is what is asked about.
func (q *inquiry) covers(hostIP string) bool {
	if hostIP == "" {
		return true
	}
	a, err := netip.ParseAddr(hostIP)
	b, berr := netip.ParseAddr(q.host)
	return err == nil && (berr != nil || a.Unmap() == b.Unmap() || a.IsUnspecified())
}

// local tells when the address is not this host's.
func (q *inquiry) local() {
	want, err := netip.ParseAddr(q.host)
	if err != nil || want.IsLoopback() {
		return
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return
	}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr() == want.Unmap() {
			return
		}
	}
	q.no("ask on the host that has it", "%s is not an address of this host", q.host)
}

func (q *inquiry) unpublished() {
	if h, ok := q.listener(); ok {
		q.no("stop it, or publish another port: pouch-run -p OTHER:PORT …", "port %d/%s of %s is published for no container: pid %d (%s) of this host has it", q.port, q.protocol, q.host, h.pid, h.program)
		return
	}
	q.no(fmt.Sprintf("pouch-run -p %d:PORT …", q.port), "port %d/%s of %s is published for no container, and nobody listens there", q.port, q.protocol, q.host)
}

// listener is the process of this host that has the port at the address.
func (q *inquiry) listener() (process, bool) {
	held := holders()
	for _, table := range []string{q.protocol, q.protocol + "6"} {
		for _, s := range socketsOn(table, q.port) {
			if h, ok := held["socket:["+s.inode+"]"]; ok && q.at(s.addr) {
				return h, true
			}
		}
	}
	return process{}, false
}

// at reports whether a socket at an address of this host has what is asked about.
func (q *inquiry) at(a netip.Addr) bool {
	want, err := netip.ParseAddr(q.host)
	return err != nil || a.IsUnspecified() || a == want.Unmap()
}

// follow tells of each step behind one published port.
func (q *inquiry) follow(p Published) {
	q.ok("published for %s, in network %s, at %s", p.Container, p.Network, p.Address)
	q.held(p)
	q.inside(p)
	hostIP, err := netip.ParseAddr(p.HostIP)
	if err == nil && hostIP.IsLoopback() {
		q.ok("it is published for this host alone (%s)", p.HostIP)
		q.loopback()
		return
	}
	q.rules(p)
}

// held looks at who has the port on the host. A container's supervisor does; no
// process does for the namespaces of other runtimes.
func (q *inquiry) held(p Published) {
	asked, err := netip.ParseAddr(q.host)
	own := err == nil && asked.IsLoopback()
	switch {
	case p.ID != "" && p.Program == supervisor:
		q.ok("pid %d (%s) holds the port", p.Pid, p.Program)
	case p.ID != "" && p.Protocol == "sctp":
		q.ok("which process holds a port of sctp the kernel does not tell")
	case p.Pid != 0:
		q.no("stop it, or publish another port of the host",
			"pid %d (%s) of this host has the port: it answers on this host's loopback address, and %s to others", p.Pid, p.Program, p.Container)
	case p.ID != "":
		q.no(fmt.Sprintf("pouch-run restart %s", p.Container), "no process holds the port: the supervisor of %s is gone, or gave it up", p.Container)
	case own:
		q.no("ask at another address of this host", "no process holds the port: packet rules alone lead to it, and not from this host's own loopback address")
	default:
		q.ok("no process holds the port: packet rules alone lead to it")
	}
}

// inside looks whether somebody listens in the member's namespace.
func (q *inquiry) inside(p Published) {
	a, err := netip.ParseAddrPort(p.Address)
	if err != nil {
		return
	}
	l, err := q.m.s.Lease(p.Network, a.Addr().String())
	if err != nil || !q.m.holds(l) {
		q.no("start it", "%s does not run: its network namespace is gone", p.Container)
		return
	}
	places, err := listeners(l.Netns, p.Protocol, p.ContainerPort)
	switch {
	case err != nil:
		q.no("", "what listens in %s is not to be seen: %v", p.Container, err)
	case len(places) == 0:
		q.no(fmt.Sprintf("see its log, and which port its program uses: pouch-run logs %s", p.Container), "nobody listens on port %d/%s in %s", p.ContainerPort, p.Protocol, p.Container)
	case !slices.ContainsFunc(places, func(x netip.Addr) bool { return x.IsUnspecified() || x == a.Addr() }):
		q.no("let it listen on 0.0.0.0 or ::", "in %s port %d/%s is listened to on %s alone", p.Container, p.ContainerPort, p.Protocol, places[0])
	default:
		q.ok("%s listens on port %d/%s", p.Container, p.ContainerPort, p.Protocol)
	}
}

// rules looks at what lets packets of other hosts through.
func (q *inquiry) rules(p Published) {
	n, err := q.m.known(p.Network)
	if err != nil {
		return
	}
	if _, has, err := rulesOf(n); err != nil || !has {
		return // the driver's own
	}
	there, err := netdev.LeadsTo(q.m.Table(), p.Protocol, p.HostPort)
	switch {
	case err != nil:
		q.no("", "%v", err)
	case !there:
		q.no("pouch-net reload", "the packet rules (nftables table inet %s) do not lead to it: were they flushed?", q.m.Table())
	default:
		q.ok("packet rules lead to it")
	}
	if a, err := netip.ParseAddrPort(p.Address); err == nil {
		q.passage(a.Addr(), n.Bridge)
		q.firewalls(n.Bridge, a.Addr().Is6())
	}
}

// firewalls tells of other chains that would drop what is forwarded.
func (q *inquiry) firewalls(bridge string, ipv6 bool) {
	chains, err := netdev.Obstacles(q.m.Table(), bridge, ipv6)
	if err != nil {
		return
	}
	for _, ch := range chains {
		asks := !ch.Rule && (ch.Chain == "ip filter FORWARD" || ch.Chain == "ip6 filter FORWARD")
		switch {
		case asks:
			q.no("pouch-net reload", "chain %s of another firewall drops what is forwarded", ch.Chain)
		case ch.Rule:
			q.no(letPass(ch.Chain, "insert", bridge), "a rule of another firewall, in chain %s, drops what is forwarded to %s", ch.Chain, bridge)
		default:
			q.no(letPass(ch.Chain, "add", bridge), "chain %s of another firewall drops what no rule of it accepts", ch.Chain)
		}
	}
	if legacyFilter() {
		q.ok("iptables-legacy has rules, which are not looked at: iptables-legacy -S FORWARD shows them")
	}
}

func letPass(chain, verb, bridge string) string {
	return fmt.Sprintf("nft %s rule %s oifname %s ct status dnat accept, by that firewall's own means", verb, chain, bridge)
}

// connect tries it.
func (q *inquiry) connect(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, q.m.connectTime)
	defer cancel()
	place := net.JoinHostPort(q.host, strconv.Itoa(int(q.port)))
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", place)
	if err != nil {
		q.no("", "a connection from this host fails: %v", err)
		return
	}
	defer c.Close()
	if q.closedAtOnce(c) {
		q.no("", "a connection from this host is accepted and closed at once: nobody answers behind it")
		return
	}
	q.ok("a connection from this host succeeds")
}

// closedAtOnce reports whether the other side ends the connection before it was
// told anything: that is what the socket that holds the port does when nobody
// listens behind it.
func (q *inquiry) closedAtOnce(c net.Conn) bool {
	if c.SetReadDeadline(time.Now().Add(300*time.Millisecond)) != nil {
		return false
	}
	n, err := c.Read(make([]byte, 1))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	return n == 0 && err != nil
}
