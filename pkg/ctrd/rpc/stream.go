package rpc

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"sync"
	"time"

	"golang.org/x/net/http2/hpack"

	"github.com/pouchcontainer/pouch/pkg/wire"
)

// maxMessage bounds a message of the server, bytes.
const maxMessage = 16 << 20

// Call makes a call with one message each way. The error is an *Error. A call
// whose context ends is cancelled at the server, too.
func (c *Conn) Call(ctx context.Context, method string, md Metadata, req, res any) (err error) {
	defer func() { err = c.named(err) }()
	s, err := c.Open(ctx, method, md, req)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Recv(res); err != nil {
		if errors.Is(err, io.EOF) {
			return fail(Internal, "%s: an answer without a message", method)
		}
		return err
	}
	var more wire.Empty
	if err := s.Recv(&more); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// Stream is a call that is under way.
type Stream struct {
	link *link
	id   uint32
	ctx  context.Context
	stop func() bool

	window int64 // what the peer takes; guarded by link.mu
	got    int   // bytes that it was not told to be taken yet; of link.receive alone

	mu      sync.Mutex
	arrived sync.Cond
	data    []byte // not taken by Recv yet
	ended   bool
	err     error // how it ended; nil: well
}

// Open begins a call with one message, req; the server's are read with Recv. The
// caller closes the stream.
func (c *Conn) Open(ctx context.Context, method string, md Metadata, req any) (*Stream, error) {
	s, err := c.begin(ctx, method, md)
	if err != nil {
		return nil, c.named(err)
	}
	if err := s.send(req, true); err != nil {
		s.Close()
		return nil, c.named(err)
	}
	return s, nil
}

// begin opens a stream by sending its headers.
func (c *Conn) begin(ctx context.Context, method string, md Metadata) (*Stream, error) {
	if ctx.Err() != nil {
		return nil, ofContext(ctx)
	}
	l, err := c.link(ctx)
	if err != nil {
		return nil, err
	}
	var limit time.Duration
	if at, ok := ctx.Deadline(); ok {
		limit = time.Until(at)
	}
	s := &Stream{link: l, ctx: ctx}
	s.arrived.L = &s.mu
	headers := requestHeaders(method, md, limit)
	l.wmu.Lock()
	defer l.wmu.Unlock()
	if err := l.enlist(s); err != nil {
		return nil, err
	}
	if err := l.writeLocked(appendFrame(nil, frameHeaders, flagEndHeaders, s.id, headers)); err != nil {
		return nil, err
	}
	s.stop = context.AfterFunc(ctx, func() { s.cancel(ofContext(ctx)) })
	return s, nil
}

func (l *link) enlist(s *Stream) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost != nil {
		return l.lost
	}
	s.id, s.window = l.next, l.peerWindow
	l.next += 2
	l.streams[s.id] = s
	return nil
}

// send sends a message, in pieces as the server has room for them.
func (s *Stream) send(m any, last bool) error {
	msg := wire.Marshal(m)
	b := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(msg))) // not compressed
	b = append(b, msg...)
	for {
		n, err := s.room(min(len(b), maxFrame))
		if err != nil {
			return err
		}
		var flags byte
		if last && n == len(b) {
			flags = flagEndStream
		}
		if err := s.link.write(appendFrame(nil, frameData, flags, s.id, b[:n])); err != nil {
			return err
		}
		if b = b[n:]; len(b) == 0 {
			return nil
		}
	}
}

// room waits until the server takes some of n bytes, and takes that off its
// windows.
func (s *Stream) room(n int) (int, error) {
	l := s.link
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		if l.lost != nil {
			return 0, l.lost
		}
		if l.streams[s.id] == nil {
			return 0, s.outcome()
		}
		if free := min(l.window, s.window); free > 0 {
			n = min(n, int(free))
			l.window -= int64(n)
			s.window -= int64(n)
			return n, nil
		}
		l.changed.Wait()
	}
}

// outcome is why a stream takes no more messages.
func (s *Stream) outcome() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	return fail(Internal, "the server ended the call")
}

// Recv decodes the next message into m, and returns io.EOF after the last when
// all went well. Any other error is an *Error.
func (s *Stream) Recv(m any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		msg, rest, err := message(s.data)
		if err != nil {
			return err
		}
		if rest != nil {
			s.data = rest
			if err := wire.Unmarshal(msg, m); err != nil {
				return fail(Internal, "%v", err)
			}
			return nil
		}
		if s.ended {
			if s.err == nil {
				return io.EOF
			}
			return s.err
		}
		s.arrived.Wait()
	}
}

// message takes a message off b; rest is nil when there is none that is whole.
func message(b []byte) (msg, rest []byte, err error) {
	if len(b) < 5 {
		return nil, nil, nil
	}
	n := binary.BigEndian.Uint32(b[1:])
	switch {
	case b[0] != 0:
		return nil, nil, fail(Internal, "a compressed message")
	case n > maxMessage:
		return nil, nil, fail(ResourceExhausted, "a message of %d bytes", n)
	case uint32(len(b)-5) < n:
		return nil, nil, nil
	}
	return b[5 : 5+n], b[5+n:], nil
}

// feed adds what came.
func (s *Stream) feed(b []byte) {
	s.mu.Lock()
	s.data = append(s.data, b...)
	s.mu.Unlock()
	s.arrived.Broadcast()
}

// end notes how the call ended. The first time counts.
func (s *Stream) end(err error) {
	s.mu.Lock()
	if !s.ended {
		s.ended, s.err = true, err
	}
	s.mu.Unlock()
	s.arrived.Broadcast()
	s.link.changed.Broadcast()
}

// brokenOff is the status of a call that the server resets: it does so when its
// time is over.
func (s *Stream) brokenOff() error {
	if at, ok := s.ctx.Deadline(); ok && !time.Now().Before(at) {
		return fail(DeadlineExceeded, "context deadline exceeded")
	}
	return fail(Unavailable, "the server broke the call off")
}

// cancel ends the call here, and tells the server when it is still at it.
func (s *Stream) cancel(err error) {
	if s.link.stream(s.id, true) == nil {
		return
	}
	s.end(err)
	s.link.write(appendFrame(nil, frameReset, 0, s.id, binary.BigEndian.AppendUint32(nil, resetCancel))) //nolint:errcheck // of a broken connection the server knows by itself
}

// Close ends the call; one that is not over is cancelled. Idempotent.
func (s *Stream) Close() {
	s.stop()
	s.cancel(fail(Canceled, "the call was closed"))
}

// ofContext is the status of a context that has ended.
func ofContext(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fail(DeadlineExceeded, "context deadline exceeded")
	}
	return fail(Canceled, "context canceled")
}

// statusOf is the status in the headers that end a call; nil: well.
func statusOf(fields []hpack.HeaderField) error {
	code, message := -1, ""
	for _, f := range fields {
		switch f.Name {
		case "grpc-status":
			if n, err := strconv.Atoi(f.Value); err == nil {
				code = n
			}
		case "grpc-message":
			message = unescape(f.Value)
		case ":status":
			if f.Value != "200" {
				message = "HTTP status " + f.Value
			}
		}
	}
	switch code {
	case 0:
		return nil
	case -1:
		return fail(Internal, "an answer without a status: %s", message)
	}
	return &Error{Code: Code(code), Message: message}
}
