package network

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/netdev"
)

// passage looks at what the host does with packets between the link that they come
// by and the member: forwarding, the route, the check of sources.
func (q *inquiry) passage(member netip.Addr, bridge string) {
	if member.Is6() && !netdev.Forwards(true) {
		q.no("sysctl -w net.ipv6.conf.all.forwarding=1, or pouch-net reload", "the kernel forwards no packets of IPv6")
	}
	if to, err := netdev.LinkTo(member); err == nil && to != bridge {
		if to == "" {
			to = "no link"
		}
		q.no(fmt.Sprintf("ip route get %s tells which: remove that route, or make the network anew with another --subnet", member),
			"packets for %s leave by %s and not by %s: another route of this host has the address", member, to, bridge)
	}
	if !member.Is4() {
		return
	}
	arrives := q.arrives()
	if !netdev.Forwards(false) {
		q.no("sysctl -w net.ipv4.ip_forward=1, or pouch-net reload", "the kernel forwards no packets")
	} else {
		for _, l := range []string{arrives, bridge} {
			if l != "" && netdev.Conf(l, "forwarding") == 0 {
				q.no(setting(l, "forwarding", 1), "the kernel forwards no packets that come by %s", l)
			}
		}
	}
	q.sources(member, bridge, arrives)
}

// elsewhere is an address that is nobody's (RFC 5737): the way to it is that to the
// rest of the world.
func elsewhere() netip.Addr { return netip.AddrFrom4([4]byte{203, 0, 113, 1}) }

// arrives is the link by which others' packets for the address that was asked about
// come; "" when that is not known.
func (q *inquiry) arrives() string {
	a, err := netip.ParseAddr(q.host)
	if err != nil || a.IsLoopback() || !a.Is4() {
		l, err := netdev.LinkTo(elsewhere())
		if err != nil {
			return ""
		}
		return l
	}
	l, err := netdev.LinkWith(a)
	if err != nil {
		return ""
	}
	return l
}

// sources tells when the kernel drops what comes by a link because answers would
// leave by another (RFC 3704, 2.2; rp_filter of the kernel's ip-sysctl document: the
// greater of the link's value and that of all counts).
func (q *inquiry) sources(member netip.Addr, bridge, arrives string) {
	const strict = 1
	if arrives == "" || max(netdev.Conf("all", "rp_filter"), netdev.Conf(arrives, "rp_filter")) != strict {
		return
	}
	back, err := netdev.LinkBack(bridge, member, elsewhere())
	if err == nil && back != "" && back != arrives {
		q.no(setting(arrives, "rp_filter", 2), "answers to other networks leave by %s: so the kernel drops what comes from there by %s (rp_filter)", back, arrives)
	}
}

// loopback looks whether what is published on the host's own address stays there.
func (q *inquiry) loopback() {
	links, err := filepath.Glob("/proc/sys/net/ipv4/conf/*/route_localnet")
	if err != nil {
		return
	}
	var open []string
	for _, l := range links {
		if l = filepath.Base(filepath.Dir(l)); l != "lo" && l != "default" && netdev.Conf(l, "route_localnet") != 0 {
			open = append(open, l)
		}
	}
	if len(open) == 0 {
		return
	}
	slices.Sort(open)
	guarded, err := netdev.GuardsLoopback(q.m.Table())
	switch {
	case err != nil:
		q.no("", "%v", err)
	case guarded:
		q.ok("route_localnet is set for %s: packet rules keep others from 127.0.0.1", strings.Join(open, ", "))
	default:
		q.no(setting(open[0], "route_localnet", 0)+", or pouch-net reload if the packet rules were flushed",
			"route_localnet is set for %s: others on the link reach what is published on 127.0.0.1", strings.Join(open, ", "))
	}
}

// setting is the command that changes what the kernel does with a link's packets.
// With slashes the link's name may have dots (sysctl(8)).
func setting(link, name string, value int) string {
	if strings.Contains(link, ".") {
		return fmt.Sprintf("sysctl -w net/ipv4/conf/%s/%s=%d", link, name, value)
	}
	return fmt.Sprintf("sysctl -w net.ipv4.conf.%s.%s=%d", link, name, value)
}
