package resolver

import (
	"net"
	"net/netip"
	"sync"
)

// bounded is a listener with no more connections at a time than room has places; who
// comes then waits in the kernel's queue. Who may not ask has no place.
type bounded struct {
	net.Listener
	room chan struct{}
	may  func(netip.Addr) bool
}

// Accept waits for a place and then for a connection.
func (b *bounded) Accept() (net.Conn, error) {
	b.room <- struct{}{}
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			<-b.room
			return nil, err
		}
		if b.may(addrOf(c.RemoteAddr())) {
			return &placed{Conn: c, leave: sync.OnceFunc(func() { <-b.room })}, nil
		}
		c.Close()
	}
}

type placed struct {
	net.Conn
	leave func()
}

// Close closes the connection and gives its place back.
func (p *placed) Close() error {
	defer p.leave()
	return p.Conn.Close()
}
