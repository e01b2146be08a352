package stdio

import (
	"cmp"
	"io"
	"slices"
	"sync"
	"time"
)

const (
	// queueLimit is how many bytes wait for a slow client.
	queueLimit = 1 << 20
	// clientPatience is how long a full queue holds the stream up before a client
	// that takes nothing is cut off.
	clientPatience = 3 * time.Second
	// leaveLimit is how long a client that leaves may take for what is queued.
	leaveLimit = 10 * time.Second
)

// Broadcast copies a stream to any number of clients. The zero value is ready.
type Broadcast struct {
	mu       sync.Mutex
	sinks    []*sink
	closed   bool
	patience time.Duration // 0: clientPatience
}

// Add sends what is written from now on to w too, and closes w in the end. A slow
// client holds the stream up when it is 1 MiB behind, and so gets every byte. With
// cut a client that then takes nothing for three seconds is cut off: w is closed,
// which must end a write to it that hangs, and cut is called. leave ends that for
// this client: w is closed when it has what was queued.
func (b *Broadcast) Add(w io.WriteCloser, cut func()) (leave func()) {
	s := newSink(w, cut)
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
	t := time.AfterFunc(leaveLimit, s.kill)
	go func() {
		<-s.done
		t.Stop()
	}()
}

// Write queues p for every client; it never fails. It is for one goroutine.
func (b *Broadcast) Write(p []byte) (int, error) {
	b.mu.Lock()
	sinks := b.sinks
	b.mu.Unlock()
	late := time.Now().Add(cmp.Or(b.patience, clientPatience)) // one patience for all of them
	dead := false
	for _, s := range sinks {
		dead = !s.put(p, late) || dead
	}
	if dead {
		b.mu.Lock()
		b.sinks = slices.DeleteFunc(slices.Clone(b.sinks), (*sink).isDead)
		b.mu.Unlock()
	}
	return len(p), nil
}

// Close lets every client have what is queued and closes it; one that may be cut
// off is, when it takes nothing for three seconds. It does not wait;
// the channel it returns is closed when all have got everything.
func (b *Broadcast) Close() <-chan struct{} {
	b.mu.Lock()
	b.closed = true
	sinks := b.sinks
	b.mu.Unlock()
	for _, s := range sinks {
		s.finish()
		if s.cut != nil {
			go s.hurry(cmp.Or(b.patience, clientPatience))
		}
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
