package netdev

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
	"github.com/google/nftables/xt"
)

// Admission is a bridge whose packets other firewalls are asked to let pass.
type Admission struct {
	Bridge   string
	IPv6     bool       // else IPv4
	Resolver netip.Addr // of that family: where the host answers the network's questions for names; invalid: nowhere
}

// The chains are those that iptables makes, as far as nftables sees them.
const (
	filterTable  = "filter"
	forwardChain = "FORWARD"
	inputChain   = "INPUT"
)

const dnsPort = 53

// AdmissionsOf are the admissions that a network of these subnets needs, with its
// resolver where it has one.
func AdmissionsOf(bridge string, subnets []netip.Prefix, resolver netip.Addr) []Admission {
	var out []Admission
	for _, s := range subnets {
		a := Admission{Bridge: bridge, IPv6: s.Addr().Is6()}
		if resolver.IsValid() && resolver.Is6() == a.IPv6 {
			a.Resolver = resolver
		}
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

// passage is a rule that accepts, of one chain; its comment tells it from others.
type passage struct {
	chain, comment string
	match          []expr.Any
}

// wantedIn are the passages of a family.
func wantedIn(fam nftables.TableFamily, owner string, bridges []Admission) []passage {
	var out []passage
	for _, b := range bridges {
		if b.IPv6 != (fam == nftables.TableFamilyIPv6) {
			continue
		}
		out = append(out,
			passage{forwardChain, owner + " from " + b.Bridge, iif(b.Bridge, true)},
			passage{forwardChain, owner + " to " + b.Bridge, oif(b.Bridge, true)})
		if b.Resolver.IsValid() {
			out = append(out, questions(owner, b, "udp"), questions(owner, b, "tcp"))
		}
	}
	return out
}

// questions lets those of a network pass to its resolver.
func questions(owner string, b Admission, proto string) passage {
	offset := uint32(16) // see daddr
	if b.IPv6 {
		offset = 24
	}
	a := b.Resolver.AsSlice()
	return passage{inputChain, fmt.Sprintf("%s names from %s by %s at %s", owner, b.Bridge, proto, b.Resolver), join(
		iif(b.Bridge, true),
		[]expr.Any{
			&expr.Payload{DestRegister: reg, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: uint32(len(a))}, cmp(true, a),
			&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: reg}, cmp(true, []byte{protoNumber(proto)}),
			portMatch(proto, dnsPort),
		})}
}

// portMatch is in iptables' own words (-p udp --dport 53): its versions before 1.8.8
// do not read nft's.
func portMatch(proto string, port uint16) expr.Any {
	every, one := [2]uint16{0, 1<<16 - 1}, [2]uint16{port, port}
	if proto == "udp" {
		return &expr.Match{Name: proto, Info: &xt.Udp{SrcPorts: every, DstPorts: one}}
	}
	return &expr.Match{Name: proto, Info: &xt.Tcp{SrcPorts: every, DstPorts: one}}
}

func (p passage) rule(ch *nftables.Chain) *nftables.Rule {
	return &nftables.Rule{
		Table: ch.Table, Chain: ch, Exprs: join(p.match, []expr.Any{&expr.Counter{}}, verdict(expr.VerdictAccept)),
		UserData: userdata.AppendString(nil, userdata.TypeComment, p.comment),
	}
}
