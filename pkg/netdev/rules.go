package netdev

import (
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sort"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Rules is all that Pouch's table says.
type Rules struct {
	Networks []NetworkRules `json:"networks"`
	Ports    []PortRule     `json:"ports"`
}

// NetworkRules are the rules of one network.
type NetworkRules struct {
	Stamp      string         `json:"stamp"` // names the network and this version of its rules: see Stamps
	Bridge     string         `json:"bridge"`
	Subnets    []netip.Prefix `json:"subnets"`
	Internal   bool           `json:"internal"`   // nothing in, nothing out
	Masquerade bool           `json:"masquerade"` // packets that leave by another link carry the host's address

	Routed   []netip.Prefix `json:"routed,omitempty"`   // of Subnets: reached at their own addresses, so never translated
	Open     []netip.Prefix `json:"open,omitempty"`     // of Subnets: not only published ports are reached
	Separate bool           `json:"separate,omitempty"` // members do not reach each other
	Shared   bool           `json:"shared,omitempty"`   // members of the networks that say so reach each other
	Resolver netip.Addr     `json:"resolver,omitzero"`  // where the host answers its members' questions for names
}

// PortRule sends what arrives for Host to Target; a routed one lets pass what is
// for Target itself.
type PortRule struct {
	Protocol string         `json:"protocol"` // tcp, udp or sctp
	Host     netip.AddrPort `json:"host"`     // an unspecified address: every one of its family
	Target   netip.AddrPort `json:"target"`   // of the same family
	Routed   bool           `json:"routed,omitempty"`

	// Except is a bridge whose packets are left to the socket that holds the port:
	// its members may not be reached by each other, and where the kernel filters
	// bridges (br_netfilter) it would take the translated packet straight there.
	Except string `json:"except,omitempty"`
}

const (
	stampChain = "networks"
	portChain  = "ports"
	ownChain   = "routed" // published ports of members that are reached at their own addresses
	openChain  = "shared"

	loopbackChain = "loopback"

	sockBuffer = 16 << 20 // bytes at most: the whole table is one message batch
)

// ApplyRules replaces the table inet name by rules, in one transaction: packets
// meet the old table or the new one. Idempotent.
func ApplyRules(name string, rules Rules) error {
	// A chain that stays costs the kernel no wait for packets under way: first
	// only the rules are replaced. That fails where another version of Pouch
	// made chains of these names differently.
	err := apply(name, rules, false)
	if err != nil {
		err = apply(name, rules, true)
	}
	if err != nil {
		return fmt.Errorf("write packet rules (nftables table inet %s): %w", name, err)
	}
	slog.Debug("packet rules written", "table", name, "networks", len(rules.Networks))
	return nil
}

func apply(name string, rules Rules, anew bool) error {
	c, err := openNft()
	if err != nil {
		return err
	}
	defer letGo(c)
	t := &nftables.Table{Name: name, Family: nftables.TableFamilyINet}
	r := &renderer{c: c, t: c.AddTable(t)} // so that what follows never misses it
	if anew {
		c.DelTable(t)
		c.AddTable(t)
	} else {
		c.FlushTable(t)
	}
	r.stamps(rules.Networks)
	r.nat(rules)
	r.filter(rules)
	return c.Flush()
}

// DropRules removes the table inet name. Idempotent.
func DropRules(name string) error {
	c, err := openNft()
	if err != nil {
		return err
	}
	defer letGo(c)
	t := &nftables.Table{Name: name, Family: nftables.TableFamilyINet}
	c.AddTable(t)
	c.DelTable(t)
	if err := c.Flush(); err != nil {
		return fmt.Errorf("remove packet rules (nftables table inet %s): %w", name, err)
	}
	return nil
}

func openNft() (*nftables.Conn, error) {
	c, err := nftables.New(nftables.AsLasting(), nftables.WithSockOptions(func(c *netlink.Conn) error {
		if err := c.SetWriteBuffer(sockBuffer); err != nil {
			return err
		}
		return c.SetReadBuffer(sockBuffer)
	}))
	if err != nil {
		return nil, fmt.Errorf("open nftables: %w", err)
	}
	return c, nil
}

// letGo closes the connection without waiting: the kernel lets nobody close it
// before it has thrown the replaced rules away, some 10 ms after they are out of
// force (nf_tables' netlink notifier).
func letGo(c *nftables.Conn) { go c.CloseLasting() } //nolint:errcheck // it is not used again

type renderer struct {
	c *nftables.Conn
	t *nftables.Table
}

func (r *renderer) chain(name string) *nftables.Chain {
	return r.c.AddChain(&nftables.Chain{Name: name, Table: r.t})
}

func (r *renderer) hook(name string, kind nftables.ChainType, hook *nftables.ChainHook, prio *nftables.ChainPriority) *nftables.Chain {
	return r.c.AddChain(&nftables.Chain{Name: name, Table: r.t, Type: kind, Hooknum: hook, Priority: prio})
}

func (r *renderer) rule(ch *nftables.Chain, parts ...[]expr.Any) {
	r.c.AddRule(&nftables.Rule{Table: r.t, Chain: ch, Exprs: join(parts...)})
}

// nat: published ports, the host's address for what leaves.
func (r *renderer) nat(rules Rules) {
	ports := r.chain(portChain)
	for _, p := range sorted(rules.Ports) {
		if !p.Routed {
			r.port(ports, p)
		}
	}
	pre := r.hook("prerouting", nftables.ChainTypeNAT, nftables.ChainHookPrerouting, nftables.ChainPriorityNATDest)
	r.rule(pre, toLocal(), jump(portChain))
	// From the host itself 127.0.0.0/8 and ::1 are served by the sockets that
	// reserve the ports.
	out := r.hook("output", nftables.ChainTypeNAT, nftables.ChainHookOutput, nftables.ChainPriorityNATDest)
	r.rule(out, daddr(loopback4(), false), toLocal(), jump(portChain))
	r.rule(out, daddr(loopback6(), false), toLocal(), jump(portChain))

	post := r.hook("postrouting", nftables.ChainTypeNAT, nftables.ChainHookPostrouting, nftables.ChainPriorityNATSource)
	// What the host says to itself keeps the source that it chose.
	r.rule(post, oif("lo", true), verdict(expr.VerdictReturn))
	for _, n := range rules.Networks {
		for _, s := range n.Subnets {
			if n.Masquerade && !n.Internal && !slices.Contains(n.Routed, s) {
				r.rule(post, saddr(s, true), oif(n.Bridge, false), masquerade())
			}
			// A member that reaches another, or itself, by a published port: the
			// answer must come back through the host.
			r.rule(post, saddr(s, true), daddr(s, true), ctStatusDNAT(), masquerade())
		}
	}
}

func (r *renderer) port(ch *nftables.Chain, p PortRule) {
	m := join(protocol(p.Host.Addr(), p.Protocol), dport(p.Host.Port()))
	if !p.Host.Addr().IsUnspecified() {
		m = join(daddr(netip.PrefixFrom(p.Host.Addr(), p.Host.Addr().BitLen()), true), m)
	}
	if p.Except != "" {
		m = join(iif(p.Except, false), m)
	}
	r.rule(ch, m, dnat(p.Target))
}

// filter: networks are apart from each other and from outside but for
// published ports and answers.
func (r *renderer) filter(rules Rules) {
	fw := r.hook("forward", nftables.ChainTypeFilter, nftables.ChainHookForward, nftables.ChainPriorityFilter)
	for _, n := range rules.Networks {
		if n.Internal {
			r.rule(fw, iif(n.Bridge, true), oif(n.Bridge, false), verdict(expr.VerdictDrop))
			r.rule(fw, oif(n.Bridge, true), iif(n.Bridge, false), verdict(expr.VerdictDrop))
		}
	}
	r.rule(fw, ctState(expr.CtStateBitESTABLISHED|expr.CtStateBitRELATED), verdict(expr.VerdictAccept))
	r.rule(fw, ctStatusDNAT(), verdict(expr.VerdictAccept))
	r.exceptions(fw, rules)
	for _, n := range rules.Networks {
		if !n.Internal {
			r.rule(fw, oif(n.Bridge, true), iif(n.Bridge, false), verdict(expr.VerdictDrop))
		}
		if n.Separate { // not through the host either
			r.rule(fw, oif(n.Bridge, true), iif(n.Bridge, true), verdict(expr.VerdictDrop))
		}
	}
	// What is published on a loopback address stays on the host, also where
	// route_localnet is set.
	raw := r.hook(loopbackChain, nftables.ChainTypeFilter, nftables.ChainHookPrerouting, nftables.ChainPriorityRaw)
	r.rule(raw, iif("lo", false), daddr(loopback4(), true), verdict(expr.VerdictDrop))
}

// exceptions let pass what networks are open to beside published ports of the host.
func (r *renderer) exceptions(fw *nftables.Chain, rules Rules) {
	routed, shared := r.chain(ownChain), r.chain(openChain)
	for _, p := range rules.Ports {
		if p.Routed {
			to := netip.PrefixFrom(p.Target.Addr(), p.Target.Addr().BitLen())
			r.rule(routed, daddr(to, true), protocol(to.Addr(), p.Protocol), dport(p.Target.Port()), verdict(expr.VerdictAccept))
		}
	}
	r.rule(fw, jump(ownChain))
	for _, n := range rules.Networks {
		if n.Internal {
			continue
		}
		for _, s := range n.Open {
			r.rule(fw, oif(n.Bridge, true), daddr(s, true), verdict(expr.VerdictAccept))
		}
		if n.Shared {
			r.rule(shared, oif(n.Bridge, true), iif(n.Bridge, false), verdict(expr.VerdictAccept))
			r.rule(fw, iif(n.Bridge, true), jump(openChain))
		}
	}
}

func sorted(ps []PortRule) []PortRule {
	ps = append([]PortRule(nil), ps...)
	sort.SliceStable(ps, func(i, j int) bool { // an address before every address
		return !ps[i].Host.Addr().IsUnspecified() && ps[j].Host.Addr().IsUnspecified()
	})
	return ps
}

func loopback4() netip.Prefix { return netip.MustParsePrefix("127.0.0.0/8") }
func loopback6() netip.Prefix { return netip.MustParsePrefix("::1/128") }

func protoNumber(name string) byte {
	switch name {
	case "udp":
		return unix.IPPROTO_UDP
	case "sctp":
		return unix.IPPROTO_SCTP
	}
	return unix.IPPROTO_TCP
}
