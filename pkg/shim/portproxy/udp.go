package portproxy

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// udpIdle is how long a client's session lasts after its last datagram.
	udpIdle = 60 * time.Second
	// maxSessions bounds the clients of one port: a flood of forged senders must
	// not take every descriptor.
	maxSessions = 1024
	maxDatagram = 65535
)

// relay forwards the datagrams of one udp port; each client has a socket of its
// own towards the container, so that answers find their way back.
type relay struct {
	sock *net.UDPConn
	to   netip.AddrPort
	idle time.Duration // 0: udpIdle

	mu       sync.Mutex
	sessions map[netip.AddrPort]*net.UDPConn
}

func (r *relay) serve() {
	if r.idle == 0 {
		r.idle = udpIdle
	}
	r.sessions = map[netip.AddrPort]*net.UDPConn{}
	defer r.closeAll()
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := r.sock.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an ICMP error of an earlier answer
		}
		if s := r.session(from); s != nil {
			s.SetReadDeadline(time.Now().Add(r.idle))
			s.Write(buf[:n])
		}
	}
}

func (r *relay) session(from netip.AddrPort) *net.UDPConn {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.sessions[from]; s != nil {
		return s
	}
	if len(r.sessions) >= maxSessions {
		return nil
	}
	s, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(r.to))
	if err != nil {
		return nil
	}
	r.sessions[from] = s
	go r.answers(s, from)
	return s
}

// answers carries the container's datagrams back until the session is idle.
func (r *relay) answers(s *net.UDPConn, client netip.AddrPort) {
	defer func() {
		r.mu.Lock()
		delete(r.sessions, client)
		r.mu.Unlock()
		s.Close()
	}()
	buf := make([]byte, maxDatagram)
	for {
		n, err := s.Read(buf)
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() || errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // nobody listens in the container yet: the idle time ends it
		}
		s.SetReadDeadline(time.Now().Add(r.idle))
		if _, err := r.sock.WriteToUDPAddrPort(buf[:n], client); errors.Is(err, net.ErrClosed) {
			return
		}
	}
}

func (r *relay) closeAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sessions {
		s.Close()
	}
}
