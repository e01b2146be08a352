package netdev

import (
	"encoding/binary"
	"net"
	"net/netip"

	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// The pieces of a rule; `nft --debug=netlink` shows what nft makes of the same
// words, and each function is named after the word in nft(8).

const reg = 1

func join(parts ...[]expr.Any) []expr.Any {
	var out []expr.Any
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func cmp(equal bool, data []byte) *expr.Cmp {
	if equal {
		return &expr.Cmp{Op: expr.CmpOpEq, Register: reg, Data: data}
	}
	return &expr.Cmp{Op: expr.CmpOpNeq, Register: reg, Data: data}
}

func iif(name string, equal bool) []expr.Any {
	return []expr.Any{&expr.Meta{Key: expr.MetaKeyIIFNAME, Register: reg}, cmp(equal, ifname(name))}
}

func oif(name string, equal bool) []expr.Any {
	return []expr.Any{&expr.Meta{Key: expr.MetaKeyOIFNAME, Register: reg}, cmp(equal, ifname(name))}
}

func ifname(name string) []byte {
	b := make([]byte, unix.IFNAMSIZ)
	copy(b, name)
	return b
}

func nfproto(a netip.Addr) []expr.Any {
	return []expr.Any{&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: reg}, cmp(true, []byte{family(a)})}
}

func family(a netip.Addr) byte {
	if a.Is4() {
		return unix.NFPROTO_IPV4
	}
	return unix.NFPROTO_IPV6
}

func protocol(a netip.Addr, name string) []expr.Any {
	return join(nfproto(a), []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: reg}, cmp(true, []byte{protoNumber(name)}),
	})
}

func dport(p uint16) []expr.Any {
	return []expr.Any{
		&expr.Payload{DestRegister: reg, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
		cmp(true, port(p)),
	}
}

func port(p uint16) []byte { return binary.BigEndian.AppendUint16(nil, p) }

// saddr and daddr: RFC 791 §3.1 and RFC 8200 §3 give the offsets.
func saddr(p netip.Prefix, equal bool) []expr.Any {
	if p.Addr().Is4() {
		return address(p, 12, equal)
	}
	return address(p, 8, equal)
}

func daddr(p netip.Prefix, equal bool) []expr.Any {
	if p.Addr().Is4() {
		return address(p, 16, equal)
	}
	return address(p, 24, equal)
}

func address(p netip.Prefix, offset uint32, equal bool) []expr.Any {
	bits := p.Addr().BitLen()
	size := uint32(bits / 8)
	return join(nfproto(p.Addr()), []expr.Any{
		&expr.Payload{DestRegister: reg, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: size},
		&expr.Bitwise{SourceRegister: reg, DestRegister: reg, Len: size, Mask: net.CIDRMask(p.Bits(), bits), Xor: make([]byte, size)},
		cmp(equal, p.Masked().Addr().AsSlice()),
	})
}

// toLocal is `fib daddr type local`: the packet is for this host, and not one
// that it only forwards.
func toLocal() []expr.Any {
	return []expr.Any{
		&expr.Fib{Register: reg, FlagDADDR: true, ResultADDRTYPE: true},
		cmp(true, binary.NativeEndian.AppendUint32(nil, unix.RTN_LOCAL)),
	}
}

func ctState(bits uint32) []expr.Any { return ctBits(expr.CtKeySTATE, bits) }

// ctDNAT is IPS_DST_NAT of linux/netfilter/nf_conntrack_common.h.
const ctDNAT = 1 << 5

func ctStatusDNAT() []expr.Any { return ctBits(expr.CtKeySTATUS, ctDNAT) }

func ctBits(key expr.CtKey, bits uint32) []expr.Any {
	return []expr.Any{
		&expr.Ct{Register: reg, Key: key},
		&expr.Bitwise{SourceRegister: reg, DestRegister: reg, Len: 4, Mask: binary.NativeEndian.AppendUint32(nil, bits), Xor: make([]byte, 4)},
		cmp(false, make([]byte, 4)),
	}
}

func masquerade() []expr.Any { return []expr.Any{&expr.Masq{}} }

func dnat(to netip.AddrPort) []expr.Any {
	return []expr.Any{
		&expr.Immediate{Register: 1, Data: to.Addr().AsSlice()},
		&expr.Immediate{Register: 2, Data: port(to.Port())},
		&expr.NAT{Type: expr.NATTypeDestNAT, Family: uint32(family(to.Addr())), RegAddrMin: 1, RegProtoMin: 2, Specified: true},
	}
}

func verdict(k expr.VerdictKind) []expr.Any { return []expr.Any{&expr.Verdict{Kind: k}} }

func jump(chain string) []expr.Any {
	return []expr.Any{&expr.Verdict{Kind: expr.VerdictJump, Chain: chain}}
}
