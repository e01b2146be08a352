package rpc

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"time"

	"golang.org/x/net/http2/hpack"
)

// Conn is a connection to a server, made by the first call, and made anew by
// the next one when it was lost. It is for use by any number of goroutines.
type Conn struct {
	address string

	mu  sync.Mutex
	cur *link
}

// NewConn returns a connection to the unix socket at address. It does nothing
// yet.
func NewConn(address string) *Conn { return &Conn{address: address} }

// Close ends the connection and what calls there are. Idempotent.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cur != nil {
		c.cur.lose(fail(Canceled, "the connection was closed"))
		c.cur = nil
	}
	return nil
}

// Address is the path of the socket.
func (c *Conn) Address() string { return c.address }

// greetLimit is how long Connect waits for the server's first word.
const greetLimit = time.Second

// Connect makes the connection, when there is none, and waits a little for the
// server's first word: one that is being killed may still have accepted it. A
// server that lives and says nothing is no error.
func (c *Conn) Connect(ctx context.Context) error {
	l, err := c.link(ctx)
	if err != nil {
		return err
	}
	t := time.NewTimer(greetLimit)
	defer t.Stop()
	select {
	case <-l.greeted:
	case <-l.gone:
		return l.reason()
	case <-ctx.Done():
		return ofContext(ctx)
	case <-t.C:
	}
	return nil
}

// link returns the connection that is alive.
func (c *Conn) link(ctx context.Context) (*link, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cur != nil && c.cur.alive() {
		return c.cur, nil
	}
	nc, err := (&net.Dialer{}).DialContext(ctx, "unix", c.address)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ofContext(ctx)
		}
		return nil, fail(Unavailable, "%v", err)
	}
	l := &link{
		conn: nc, next: 1, streams: map[uint32]*Stream{}, window: initialWindow, peerWindow: initialWindow,
		greeted: make(chan struct{}), gone: make(chan struct{}),
	}
	l.changed.L = &l.mu
	if err := l.write(hello()); err != nil {
		return nil, err
	}
	go l.receive()
	c.cur = l
	return l, nil
}

// link is one connection of HTTP/2.
type link struct {
	conn net.Conn
	wmu  sync.Mutex // one frame after the other, streams in the order of their ids

	mu         sync.Mutex
	changed    sync.Cond // window, peerWindow, streams' windows, lost
	next       uint32    // id of the next stream
	streams    map[uint32]*Stream
	window     int64 // what the peer still takes
	peerWindow int64 // what it takes of a new stream
	got        int   // bytes that it was not told to be taken yet
	leaving    bool  // it takes no new stream
	lost       error

	greeted, gone chan struct{} // closed with the server's first frame, and when lost is set
}

func (l *link) alive() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost == nil && !l.leaving
}

// writeLimit bounds how long a server may take to accept what is sent, when it
// has room for it.
const writeLimit = 10 * time.Second

func (l *link) write(b []byte) error {
	l.wmu.Lock()
	defer l.wmu.Unlock()
	return l.writeLocked(b)
}

func (l *link) writeLocked(b []byte) error {
	l.conn.SetWriteDeadline(time.Now().Add(writeLimit))
	if _, err := l.conn.Write(b); err != nil {
		l.lose(fail(Unavailable, "%v", err))
		return l.reason()
	}
	return nil
}

// lose ends the connection and every stream on it. The first reason counts.
func (l *link) lose(err error) {
	l.mu.Lock()
	if l.lost == nil {
		l.lost = err
		close(l.gone)
	}
	var open []*Stream
	for id, s := range l.streams {
		open = append(open, s)
		delete(l.streams, id)
	}
	err = l.lost
	l.mu.Unlock()
	for _, s := range open {
		s.end(err)
	}
	l.changed.Broadcast()
	l.conn.Close()
}

func (l *link) reason() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost
}

// receive reads frames until the connection ends.
func (l *link) receive() {
	r := bufio.NewReader(l.conn)
	decoder := hpack.NewDecoder(4096, nil)
	greet := sync.OnceFunc(func() { close(l.greeted) })
	for {
		f, err := readFrame(r)
		if err == nil {
			greet()
			err = l.take(f, r, decoder)
		}
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				err = fail(Unavailable, "the connection ended: %v", err)
			}
			l.lose(err)
			return
		}
	}
}

func (l *link) take(f frame, r *bufio.Reader, decoder *hpack.Decoder) error {
	switch f.kind {
	case frameHeaders:
		return l.takeHeaders(f, r, decoder)
	case frameData:
		return l.takeData(f)
	case frameSettings:
		return l.takeSettings(f)
	case framePing:
		if f.flags&flagAck == 0 {
			return l.write(appendFrame(nil, framePing, flagAck, 0, f.data))
		}
	case frameWindowUpdate:
		return l.takeWindow(f)
	case frameReset:
		if s := l.stream(f.stream, true); s != nil {
			s.end(s.brokenOff())
		}
	case frameGoAway:
		l.leave(f)
	}
	return nil
}

// leave notes that the server takes no new stream, and ends those that it has
// not taken.
func (l *link) leave(f frame) {
	last := uint32(0)
	if len(f.data) >= 4 {
		last = binary.BigEndian.Uint32(f.data) &^ (1 << 31)
	}
	l.mu.Lock()
	l.leaving = true
	var refused []*Stream
	for id, s := range l.streams {
		if id > last {
			refused = append(refused, s)
			delete(l.streams, id)
		}
	}
	l.mu.Unlock()
	for _, s := range refused {
		s.end(fail(Unavailable, "the server is ending"))
	}
}

// stream returns an open stream, which with gone is not open any more.
func (l *link) stream(id uint32, gone bool) *Stream {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.streams[id]
	if gone {
		delete(l.streams, id)
	}
	return s
}

// takeHeaders decodes a block of headers, also one that nobody waits for: the
// decoder has a state.
func (l *link) takeHeaders(f frame, r *bufio.Reader, decoder *hpack.Decoder) error {
	block, err := f.payload()
	if err != nil {
		return err
	}
	for done := f.flags&flagEndHeaders != 0; !done; {
		more, err := readFrame(r)
		if err != nil {
			return err
		}
		if more.kind != frameContinuation || len(block) > 1<<20 {
			return fail(Internal, "headers that do not end")
		}
		block = append(block, more.data...)
		done = more.flags&flagEndHeaders != 0
	}
	fields, err := decoder.DecodeFull(block)
	if err != nil {
		return fail(Internal, "headers: %v", err)
	}
	end := f.flags&flagEndStream != 0
	if s := l.stream(f.stream, end); s != nil && end {
		s.end(statusOf(fields))
	}
	return nil
}

func (l *link) takeData(f frame) error {
	data, err := f.payload()
	if err != nil {
		return err
	}
	end := f.flags&flagEndStream != 0
	s := l.stream(f.stream, end)
	if s != nil {
		s.feed(data)
		if end {
			s.end(fail(Internal, "the answer ended without a status"))
		}
	}
	return l.credit(len(f.data), s)
}

// credit lets the peer send on when it has sent half of what it may.
func (l *link) credit(n int, s *Stream) error {
	var b []byte
	if l.got += n; l.got > window/2 {
		b = appendFrame(b, frameWindowUpdate, 0, 0, binary.BigEndian.AppendUint32(nil, uint32(l.got)))
		l.got = 0
	}
	if s != nil {
		if s.got += n; s.got > window/2 {
			b = appendFrame(b, frameWindowUpdate, 0, s.id, binary.BigEndian.AppendUint32(nil, uint32(s.got)))
			s.got = 0
		}
	}
	if b == nil {
		return nil
	}
	return l.write(b)
}

func (l *link) takeSettings(f frame) error {
	if f.flags&flagAck != 0 {
		return nil
	}
	l.mu.Lock()
	for b := f.data; len(b) >= 6; b = b[6:] {
		if binary.BigEndian.Uint16(b) != settingWindow {
			continue
		}
		size := int64(binary.BigEndian.Uint32(b[2:]))
		for _, s := range l.streams {
			s.window += size - l.peerWindow
		}
		l.peerWindow = size
	}
	l.mu.Unlock()
	l.changed.Broadcast()
	return l.write(appendFrame(nil, frameSettings, flagAck, 0, nil))
}

func (l *link) takeWindow(f frame) error {
	if len(f.data) != 4 {
		return fail(Internal, "a window of %d bytes", len(f.data))
	}
	n := int64(binary.BigEndian.Uint32(f.data) &^ (1 << 31))
	l.mu.Lock()
	if f.stream == 0 {
		l.window += n
	} else if s := l.streams[f.stream]; s != nil {
		s.window += n
	}
	l.mu.Unlock()
	l.changed.Broadcast()
	return nil
}
