package network

import (
	"encoding/binary"
	"hash/fnv"
	"iter"
	"math/bits"
	"net/netip"
	"slices"
)

// maxPool bounds how many addresses of a range are given: an IPv6 range is
// larger than anybody needs.
const maxPool = 1 << 32

// size is the number of addresses of pool s.
func (s subnet) size() uint64 {
	free := s.pool.Addr().BitLen() - s.pool.Bits()
	if free >= 32 {
		return maxPool
	}
	return 1 << free
}

// at is address number i of the pool.
func (s subnet) at(i uint64) netip.Addr { return plus(s.pool.Addr(), i) }

// usable reports whether a container may have the address: not the gateway, not reserved, not
// the network's own, not the IPv4 broadcast (RFC 3021 for /31).
func (s subnet) usable(a netip.Addr) bool {
	if !s.prefix.Contains(a) || a == s.gateway || slices.Contains(s.reserved, a) {
		return false
	}
	if s.prefix.Bits() >= a.BitLen()-1 {
		return true
	}
	return a != s.prefix.Addr() && (a.Is6() || a != last(s.prefix))
}

// start is where the search for a free address begins: it follows from who
// asks, so a container gets the address again that it had, and commands at the
// same time do not meet.
func (s subnet) start(who string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(who))
	return h.Sum64() % s.size()
}

// candidates are the addresses of the pool that a container may have, in the
// order in which who asks for one tries them.
func (s subnet) candidates(who string) iter.Seq[netip.Addr] {
	return func(yield func(netip.Addr) bool) {
		start, size := s.start(who), s.size()
		for i := range size {
			if a := s.at((start + i) % size); s.usable(a) && !yield(a) {
				return
			}
		}
	}
}

// firstUsable is the address a network's gateway has unless told otherwise.
func firstUsable(p netip.Prefix) netip.Addr {
	if p.Bits() >= p.Addr().BitLen()-1 {
		return p.Masked().Addr()
	}
	return plus(p.Masked().Addr(), 1)
}

func last(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func plus(a netip.Addr, n uint64) netip.Addr {
	b := a.As16()
	lo, carry := bits.Add64(binary.BigEndian.Uint64(b[8:]), n, 0)
	binary.BigEndian.PutUint64(b[8:], lo)
	binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])+carry)
	if a.Is4() {
		return netip.AddrFrom16(b).Unmap()
	}
	return netip.AddrFrom16(b)
}
