package syslog

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/stdio"
	"github.com/pouchcontainer/pouch/pkg/stdio/logopt"
)

const (
	dialTimeout = 10 * time.Second
	sendTimeout = 10 * time.Second // for one message
)

// Sender is a stdio.Sink. It connects with the first entry, and again after a
// failure.
type Sender struct {
	o    logopt.SyslogOptions
	form form
	dial func() (net.Conn, error)

	conn     net.Conn // nil: not connected
	datagram bool
	gone     chan struct{} // closed when the server has closed the connection
}

var _ stdio.Sink = (*Sender)(nil)

// New makes a sender of entries with that tag. Certificates that cannot be read
// are an error; a server that cannot be reached is one of Send.
func New(o logopt.SyslogOptions, tag string) (*Sender, error) {
	s := &Sender{o: o}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	s.form = formOf(o, header{facility: o.Facility, host: host, tag: tag, pid: os.Getpid()})
	if s.dial, err = dialer(o); err != nil {
		return nil, err
	}
	return s, nil
}

// Send implements stdio.Sink.
func (s *Sender) Send(text []byte, stream string, at time.Time) error {
	if s.conn != nil && s.lost() {
		s.drop()
	}
	if s.conn == nil {
		if err := s.connect(); err != nil {
			return err
		}
	}
	s.conn.SetWriteDeadline(time.Now().Add(sendTimeout))
	_, err := s.conn.Write(s.form(nil, text, stream, at, s.datagram))
	if s.o.Network == "udp" && errors.Is(err, unix.ECONNREFUSED) {
		return nil // of an earlier datagram: UDP promises nothing
	}
	if err != nil {
		s.drop()
		return fmt.Errorf("send to syslog: %w", err)
	}
	return nil
}

// lost reports whether the server has closed the connection: what would be
// written then is lost without an error.
func (s *Sender) lost() bool {
	select {
	case <-s.gone:
		return true
	default:
		return false
	}
}

func (s *Sender) connect() error {
	c, err := s.dial()
	if err != nil {
		return fmt.Errorf("connect to syslog: %w", err)
	}
	_, isUnix := c.(*net.UnixConn)
	s.datagram = s.o.Network == "udp" || isUnix && c.RemoteAddr().Network() == "unixgram"
	s.conn, s.gone = c, make(chan struct{})
	if !s.datagram {
		go watch(c, s.gone)
	}
	return nil
}

// watch waits for the end of a connection on which the server says nothing.
func watch(c net.Conn, gone chan<- struct{}) {
	io.Copy(io.Discard, c) //nolint:errcheck // any end is an end
	close(gone)
}

func (s *Sender) drop() {
	s.conn.Close()
	s.conn = nil
}

// Close implements stdio.Sink.
func (s *Sender) Close() error {
	if s.conn != nil {
		s.drop()
	}
	return nil
}
