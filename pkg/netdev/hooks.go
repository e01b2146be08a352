package netdev

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Obstacle is a chain of another firewall that drops what is forwarded to a bridge.
type Obstacle struct {
	Chain string // as "ip filter FORWARD"
	Rule  bool   // a rule of it does; else its policy
}

// Obstacles lists the chains of the forward hook, but for those of the table inet
// own, that drop what was translated for a member of a bridge, of IPv6 or IPv4
// (nft(8): a packet
// passes when no base chain drops it, so an accept elsewhere does not help). Of
// rules only those are understood that ask for nothing, for the bridge, or for a
// translated destination; of other chains those that are jumped to in that way.
func Obstacles(own, bridge string, ipv6 bool) ([]Obstacle, error) {
	c, err := nftables.New()
	if err != nil {
		return nil, err
	}
	all, err := c.ListChains()
	if err != nil {
		return nil, fmt.Errorf("list chains of nftables: %w", err)
	}
	var out []Obstacle
	for _, ch := range all {
		if ch.Hooknum == nil || *ch.Hooknum != *nftables.ChainHookForward || ch.Type != nftables.ChainTypeFilter {
			continue
		}
		f := ch.Table.Family
		if f == nftables.TableFamilyINet && ch.Table.Name == own || f == otherFamily(ipv6) {
			continue
		}
		way, err := (&walk{c, bridge}).through(ch.Table, ch.Name, 0)
		if err != nil {
			return nil, err
		}
		if way == dropped || way == onward && drops(ch) {
			out = append(out, Obstacle{fmt.Sprintf("%s %s %s", familyName(f), ch.Table.Name, ch.Name), way == dropped})
		}
	}
	return out, nil
}

// otherFamily is the one whose chains see nothing of IPv6, or of IPv4.
func otherFamily(ipv6 bool) nftables.TableFamily {
	if ipv6 {
		return nftables.TableFamilyIPv4
	}
	return nftables.TableFamilyIPv6
}

func familyName(f nftables.TableFamily) string {
	switch f {
	case nftables.TableFamilyIPv4:
		return "ip"
	case nftables.TableFamilyIPv6:
		return "ip6"
	case nftables.TableFamilyBridge:
		return "bridge"
	case nftables.TableFamilyINet:
		return "inet"
	}
	return fmt.Sprint(byte(f))
}

// LeadsTo reports whether the table inet name has a rule for a port of the host.
func LeadsTo(name, proto string, port uint16) (bool, error) {
	c, err := nftables.New()
	if err != nil {
		return false, err
	}
	t := &nftables.Table{Name: name, Family: nftables.TableFamilyINet}
	rules, err := c.GetRules(t, &nftables.Chain{Name: portChain, Table: t})
	if errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read packet rules (nftables table inet %s): %w", name, err)
	}
	for _, r := range rules {
		if rulePort(r) == port && ruleHas(r, []byte{protoNumber(proto)}) {
			return true, nil
		}
	}
	return false, nil
}

func rulePort(r *nftables.Rule) uint16 {
	for _, e := range r.Exprs {
		if c, ok := e.(*expr.Cmp); ok && len(c.Data) == 2 {
			return binary.BigEndian.Uint16(c.Data)
		}
	}
	return 0
}

func ruleHas(r *nftables.Rule, data []byte) bool {
	for _, e := range r.Exprs {
		if c, ok := e.(*expr.Cmp); ok && string(c.Data) == string(data) {
			return true
		}
	}
	return false
}
