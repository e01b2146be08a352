package ttrpc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/pouchcontainer/pouch/pkg/wire"
)

// ErrServerClosed is what Serve returns after Close.
var ErrServerClosed = errors.New("ttrpc: server closed")

var errTooLarge = errors.New("ttrpc: the message is too large")

// Codes of gRPC that this package gives itself (google.golang.org/grpc/codes).
const (
	codeUnknown           = 2
	codeInvalidArgument   = 3
	codeResourceExhausted = 8
	codeUnimplemented     = 12
)

// Error is an error with a code of gRPC.
type Error struct {
	Code    int32
	Message string
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// Method answers a call: unmarshal decodes the request into a pointer to a
// message. An error that is no *Error has the code unknown.
type Method func(ctx context.Context, unmarshal func(any) error) (any, error)

// Server serves calls. Its connections have one goroutine each, and one more for
// every call, so a call that waits holds up no other.
type Server struct {
	services map[string]map[string]Method

	mu       sync.Mutex
	closed   bool
	open     map[net.Conn]bool
	listener net.Listener
}

// NewServer returns a server of services by their names, with their methods.
func NewServer(services map[string]map[string]Method) *Server {
	return &Server{services: services, open: map[net.Conn]bool{}}
}

// Serve accepts connections until Close or until l fails.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	s.listener = l
	closed := s.closed
	s.mu.Unlock()
	if closed {
		l.Close()
	}
	for {
		c, err := l.Accept()
		switch {
		case err == nil && s.enlist(c):
			go s.serve(c)
		case err == nil:
			c.Close()
		case s.isClosed():
			return ErrServerClosed
		default:
			return err
		}
	}
}

// Close closes the listener and the connections, and does not wait for calls.
// Idempotent.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.listener != nil {
		s.listener.Close()
	}
	for c := range s.open {
		c.Close()
	}
	return nil
}

func (s *Server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

func (s *Server) enlist(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.open[c] = true
	}
	return !s.closed
}

// peer is a connection.
type peer struct {
	s    *Server
	conn net.Conn
	mu   sync.Mutex // one frame after the other
}

func (s *Server) serve(conn net.Conn) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer func() {
		s.mu.Lock()
		delete(s.open, conn)
		s.mu.Unlock()
		conn.Close()
	}()
	p := &peer{s: s, conn: conn}
	r := bufio.NewReader(conn)
	for {
		f, tooLarge, err := readFrame(r)
		if err != nil {
			return
		}
		switch {
		case tooLarge:
			p.answer(f.stream, nil, &Error{codeResourceExhausted, errTooLarge.Error()})
		case f.kind == typeRequest:
			go p.handle(ctx, f)
		}
	}
}

// handle answers one call. Data frames, of streams, are of none and passed over.
func (p *peer) handle(ctx context.Context, f frame) {
	var r request
	if err := wire.Unmarshal(f.data, &r); err != nil {
		p.answer(f.stream, nil, &Error{codeInvalidArgument, err.Error()})
		return
	}
	if r.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(r.Timeout))
		defer cancel()
	}
	m := p.s.services[r.Service][r.Method]
	if m == nil {
		p.answer(f.stream, nil, &Error{codeUnimplemented, fmt.Sprintf("no method %s of service %s", r.Method, r.Service)})
		return
	}
	res, err := m(ctx, func(m any) error {
		if err := wire.Unmarshal(r.Payload, m); err != nil {
			return &Error{codeInvalidArgument, err.Error()}
		}
		return nil
	})
	p.answer(f.stream, res, err)
}

func (p *peer) answer(stream uint32, res any, err error) {
	out := response{}
	if e, ok := errors.AsType[*Error](err); ok {
		out.Status = status{e.Code, e.Message}
	} else if err != nil {
		out.Status = status{codeUnknown, err.Error()}
	} else {
		out.Payload = wire.Marshal(res)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	err = writeFrame(p.conn, stream, typeResponse, out)
	if errors.Is(err, errTooLarge) {
		err = writeFrame(p.conn, stream, typeResponse, response{Status: status{codeResourceExhausted, err.Error()}})
	}
	if err != nil {
		p.conn.Close() // whoever asked is gone
	}
}
