package stdio

import (
	"io"
	"sync"
	"time"
)

// sink is one client of a Broadcast with its queue.
type sink struct {
	w    io.WriteCloser
	cut  func()        // nil: it is never cut off
	done chan struct{} // closed when nothing more is written

	mu      sync.Mutex
	cond    sync.Cond // of what run waits for
	room    room
	ring    []byte // the queue; it grows up to queueLimit
	start   int    // of the first byte
	n       int    // bytes in it
	closing bool
	dead    bool
}

func newSink(w io.WriteCloser, cut func()) *sink {
	s := &sink{w: w, cut: cut, done: make(chan struct{})}
	s.cond.L = &s.mu
	return s
}

// put queues p, and waits for room: until late when the client may be cut off.
// It reports whether the client is there.
func (s *sink) put(p []byte, late time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.dead {
		p = p[s.fill(p):]
		if len(p) == 0 {
			return true
		}
		if !s.room.await(&s.mu, s.patience(late)) {
			s.dead = true
			s.cond.Broadcast()
			go s.cutOff()
		}
	}
	return false
}

// fill takes of p what there is room for, and returns how much. The caller holds
// s.mu.
func (s *sink) fill(p []byte) int {
	if need := s.n + len(p); need > len(s.ring) && len(s.ring) < queueLimit {
		s.grow(min(queueLimit, max(need, 2*len(s.ring))))
	}
	k := min(len(p), len(s.ring)-s.n)
	end := (s.start + s.n) % max(1, len(s.ring))
	first := copy(s.ring[end:], p[:k])
	copy(s.ring, p[first:k])
	s.n += k
	if k > 0 {
		s.cond.Broadcast()
	}
	return k
}

// grow makes the ring larger. What run is writing stays where it was.
func (s *sink) grow(size int) {
	ring := make([]byte, size)
	k := copy(ring, s.ring[s.start:min(len(s.ring), s.start+s.n)])
	copy(ring[k:], s.ring[:s.n-k])
	s.ring, s.start = ring, 0
}

// patience is how long room is waited for: until late, or for ever where the client
// is never cut off.
func (s *sink) patience(late time.Time) time.Duration {
	if s.cut == nil {
		return 0
	}
	return max(1, time.Until(late))
}

func (s *sink) cutOff() {
	s.cut()
	s.w.Close() // a write that hangs ends
}

// kill gives a client up that does not take the rest. Idempotent.
func (s *sink) kill() {
	s.mu.Lock()
	s.dead = true
	s.cond.Broadcast()
	s.room.wake()
	s.mu.Unlock()
	s.w.Close()
}

// hurry cuts a client off that takes nothing of what is left for it as long as patience
// lasts.
func (s *sink) hurry(patience time.Duration) {
	for left := -1; ; {
		s.mu.Lock()
		n := s.n
		s.mu.Unlock()
		if n == left {
			s.cut()
			s.kill()
			return
		}
		left = n
		select {
		case <-s.done:
			return
		case <-time.After(patience):
		}
	}
}

func (s *sink) isDead() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dead
}

func (s *sink) finish() {
	s.mu.Lock()
	s.closing = true
	s.cond.Broadcast()
	s.mu.Unlock()
}

func (s *sink) run() {
	defer close(s.done)
	defer s.w.Close()
	for {
		p, ok := s.next()
		if !ok {
			return
		}
		_, err := s.w.Write(p)
		s.taken(len(p), err != nil)
	}
}

// oneWrite bounds a write, so that a slow client is seen to take something.
const oneWrite = 64 << 10

// next waits for bytes, which stay in the ring; not ok when there will be no
// more.
func (s *sink) next() ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.n == 0 && !s.closing && !s.dead {
		s.cond.Wait()
	}
	if s.n == 0 || s.dead {
		s.dead = true
		s.room.wake()
		return nil, false
	}
	return s.ring[s.start:min(len(s.ring), s.start+s.n, s.start+oneWrite)], true
}

// taken frees k bytes that were written, or failed to be.
func (s *sink) taken(k int, failed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.start, s.n = (s.start+k)%len(s.ring), s.n-k
	s.dead = s.dead || failed
	s.room.wake()
}
