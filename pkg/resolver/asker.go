package resolver

import (
	"net"
	"net/netip"
	"sync"
)

// turns bounds how many questions are asked of others at a time: of all askers, and
// of each, so that one that floods does not take the names from the rest.
type turns struct {
	lock sync.Mutex
	all  int
	of   map[netip.Addr]int
}

// take reports whether asker may have one more question asked.
func (t *turns) take(asker netip.Addr) bool {
	t.lock.Lock()
	defer t.lock.Unlock()
	if t.all >= maxInFlight || t.of[asker] >= maxOfOne {
		return false
	}
	if t.of == nil {
		t.of = map[netip.Addr]int{}
	}
	t.all++
	t.of[asker]++
	return true
}

func (t *turns) done(asker netip.Addr) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.all--
	if t.of[asker]--; t.of[asker] == 0 {
		delete(t.of, asker)
	}
}

// ownAddress reports whether the host itself asks: nobody else's packets have an
// address of its as their source (RFC 1812, 5.3.7). A rule that masquerades may
// have given the question any of them.
func ownAddress(asker netip.Addr) bool {
	if asker.IsLoopback() {
		return true
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr() == asker {
			return true
		}
	}
	return false
}

func addrOf(a net.Addr) netip.Addr {
	p, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	return p.Addr().Unmap().WithZone("")
}
