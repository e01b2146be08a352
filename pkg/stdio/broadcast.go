package stdio

import (
	"io"
	"slices"
	"sync"
)

// queueLimit is how many bytes wait for a slow client.
const queueLimit = 1 << 20

// Broadcast copies a stream to any number of clients. The zero value is ready.
type Broadcast struct {
	mu     sync.Mutex
	sinks  []*sink
	closed bool
}

// Add sends what is written from now on to w too, and closes w in the end.
// With wait, a slow client holds the stream up and gets every byte; without, a
// client that is more than 1 MiB behind is cut off. leave ends that for this
// client: w is closed when it has what was queued.
func (b *Broadcast) Add(w io.WriteCloser, wait bool) (leave func()) {
	s := &sink{w: w, wait: wait, done: make(chan struct{})}
	s.cond.L = &s.mu
	b.mu.Lock()
	if b.closed {
		s.closing = true
	}
	b.sinks = append(b.sinks, s)
	b.mu.Unlock()
	go s.run()
	return func() { b.leave(s) }
}

func (b *Broadcast) leave(s *sink) {
	b.mu.Lock()
	b.sinks = slices.DeleteFunc(slices.Clone(b.sinks), func(x *sink) bool { return x == s })
	b.mu.Unlock()
	s.finish()
}

// Write queues p for every client; it never fails.
func (b *Broadcast) Write(p []byte) (int, error) {
	b.mu.Lock()
	sinks := b.sinks
	b.mu.Unlock()
	dead := false
	for _, s := range sinks {
		dead = !s.put(p) || dead
	}
	if dead {
		b.mu.Lock()
		live := make([]*sink, 0, len(b.sinks))
		for _, s := range b.sinks {
			if !s.isDead() {
				live = append(live, s)
			}
		}
		b.sinks = live
		b.mu.Unlock()
	}
	return len(p), nil
}

// Close lets every client have what is queued and closes it. It does not wait;
// the channel it returns is closed when all have got everything.
func (b *Broadcast) Close() <-chan struct{} {
	b.mu.Lock()
	b.closed = true
	sinks := b.sinks
	b.mu.Unlock()
	for _, s := range sinks {
		s.finish()
	}
	done := make(chan struct{})
	go func() {
		for _, s := range sinks {
			<-s.done
		}
		close(done)
	}()
	return done
}

// sink is one client with its queue.
type sink struct {
	w    io.WriteCloser
	wait bool
	done chan struct{}

	mu      sync.Mutex
	cond    sync.Cond
	queue   []byte
	closing bool
	dead    bool
}

func (s *sink) put(p []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.wait && !s.dead && len(s.queue) >= queueLimit {
		s.cond.Wait()
	}
	if s.dead {
		return false
	}
	if len(s.queue) >= queueLimit {
		s.dead = true
		s.cond.Broadcast()
		return false
	}
	s.queue = append(s.queue, p...)
	s.cond.Broadcast()
	return true
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
		p, ok := s.take()
		if !ok {
			return
		}
		if _, err := s.w.Write(p); err != nil {
			s.mu.Lock()
			s.dead = true
			s.cond.Broadcast()
			s.mu.Unlock()
			return
		}
	}
}

// take waits for bytes; not ok when there will be no more.
func (s *sink) take() ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) == 0 && !s.closing && !s.dead {
		s.cond.Wait()
	}
	if len(s.queue) == 0 || s.dead {
		return nil, false
	}
	p := s.queue
	s.queue = nil
	s.cond.Broadcast()
	return p, true
}
