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

// flow is who sent a datagram, and to which address of this host: the answer must
// come from that one, or a client with a connected socket does not take it.
type flow struct {
	client netip.AddrPort
	local  local
}

// relay serves a UDP socket: a session for each flow.
type relay struct {
	sock *net.UDPConn
	to   func() netip.AddrPort
	idle time.Duration // 0: udpIdle

	mu       sync.Mutex
	sessions map[flow]*net.UDPConn
}

func (r *relay) serve() {
	r.mu.Lock()
	if r.idle == 0 {
		r.idle = udpIdle
	}
	r.sessions = map[flow]*net.UDPConn{}
	r.mu.Unlock()
	defer r.closeAll()
	buf, oob := make([]byte, maxDatagram), make([]byte, 128)
	for {
		n, nOOB, _, from, err := r.sock.ReadMsgUDPAddrPort(buf, oob)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an ICMP error of an earlier answer
		}
		if s := r.session(flow{from, localOf(oob[:nOOB])}); s != nil {
			s.SetReadDeadline(time.Now().Add(r.idle))
			s.Write(buf[:n]) //nolint:errcheck // a datagram may be lost
		}
	}
}

// session returns the socket to the container for a flow, or nil.
func (r *relay) session(f flow) *net.UDPConn {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.sessions[f]; s != nil {
		return s
	}
	to := r.to()
	if len(r.sessions) >= maxSessions || !to.IsValid() {
		return nil
	}
	s, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return nil
	}
	r.sessions[f] = s
	go r.answers(s, f)
	return s
}

// answers carries the container's datagrams back until the session is idle.
func (r *relay) answers(s *net.UDPConn, f flow) {
	defer func() {
		r.mu.Lock()
		if r.sessions[f] == s {
			delete(r.sessions, f)
		}
		r.mu.Unlock()
		s.Close()
	}()
	buf, by := make([]byte, maxDatagram), from(f.local, r.sock)
	for {
		n, err := s.Read(buf)
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() || errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // nobody listens in the container yet: the idle time ends it
		}
		s.SetReadDeadline(time.Now().Add(r.idle))
		_, _, err = r.sock.WriteMsgUDPAddrPort(buf[:n], by, f.client)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil && by != nil { // the address is gone, or was a broadcast one
			by = nil
			r.sock.WriteToUDPAddrPort(buf[:n], f.client) //nolint:errcheck // a datagram may be lost
		}
	}
}

// closeAll ends the sessions.
func (r *relay) closeAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sessions {
		s.Close()
	}
	clear(r.sessions)
}
