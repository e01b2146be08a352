package portproxy

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"time"
)

const dialTimeout = 10 * time.Second

// stream is how connections of a protocol are made and copied.
type stream struct {
	dial func(netip.AddrPort) (*net.TCPConn, error)
	copy func(to, from *net.TCPConn) (int64, error)
}

func tcp() stream {
	return stream{dialTCP, func(to, from *net.TCPConn) (int64, error) { return io.Copy(to, from) }}
}

// sctp copies with read and write: what was one message stays one (RFC 6458 §4.2.3).
func sctp() stream {
	return stream{dialSCTP, func(to, from *net.TCPConn) (int64, error) {
		return io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, make([]byte, 64<<10))
	}}
}

// serveStream accepts until the listener is closed. Out of descriptors or memory
// it waits a little and goes on.
func serveStream(l net.Listener, to func() netip.AddrPort, s stream) {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		go join(c.(*net.TCPConn), to(), s)
	}
}

// join copies both ways; the end of one direction is passed on, and the
// connection closes when both have ended.
func join(a *net.TCPConn, to netip.AddrPort, s stream) {
	defer a.Close()
	b, err := s.dial(to)
	if err != nil {
		a.SetLinger(0) // the client sees a reset, as from a closed port
		return
	}
	defer b.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.oneWay(b, a)
	}()
	s.oneWay(a, b)
	<-done
}

func (s stream) oneWay(to, from *net.TCPConn) {
	if _, err := s.copy(to, from); err != nil {
		to.SetLinger(0)
		to.Close()
		from.Close()
		return
	}
	to.CloseWrite() //nolint:errcheck // the other side may have ended it
}

func dialTCP(to netip.AddrPort) (*net.TCPConn, error) {
	c, err := net.DialTimeout("tcp", to.String(), dialTimeout) //nolint:noctx // bounded
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), nil
}
