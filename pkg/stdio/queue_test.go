package stdio

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeSink is a sink whose state a test chooses.
type fakeSink struct {
	mu   sync.Mutex
	got  []string
	fail error
	hold chan struct{} // Send waits until it is closed; nil: does not
}

func (f *fakeSink) Send(text []byte, _ string, _ time.Time) error {
	f.mu.Lock()
	hold := f.hold
	f.mu.Unlock()
	if hold != nil {
		<-hold
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail == nil {
		f.got = append(f.got, string(text))
	}
	return f.fail
}

func (f *fakeSink) Close() error { return nil }

func (f *fakeSink) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = err
}

func put(q *Queue, n int) {
	for i := range n {
		q.Put(fmt.Appendf(nil, "%05d\n", i), "stdout", time.Now())
	}
}

func TestQueueDeliversInOrder(t *testing.T) {
	f := &fakeSink{}
	q := NewQueue(f, QueueOptions{Limit: 64, Block: true})
	put(q, 5000)
	q.Close()
	if len(f.got) != 5000 || f.got[0] != "00000\n" || f.got[4999] != "04999\n" || q.Dropped() != 0 {
		t.Errorf("%d entries, %d dropped", len(f.got), q.Dropped())
	}
}

// A sink that fails does not stop who writes; when it works again it has what
// was kept, in order, and is told of what was lost.
func TestQueueOverAFailure(t *testing.T) {
	f := &fakeSink{fail: errors.New("away")}
	var mu sync.Mutex
	var states []error
	q := NewQueue(f, QueueOptions{Limit: 60, Block: true, Changed: func(err error, _ uint64) {
		mu.Lock()
		defer mu.Unlock()
		states = append(states, err)
	}})
	put(q, 100)
	if d := q.Dropped(); d != 90 {
		t.Errorf("%d dropped, want 90", d)
	}
	f.set(nil)
	for len(func() []string { f.mu.Lock(); defer f.mu.Unlock(); return f.got }()) < 11 {
		time.Sleep(time.Millisecond)
	}
	q.Close()
	all := strings.Join(f.got, "")
	if !strings.HasPrefix(all, "00000\npouch: 90 log entries were lost") || !strings.Contains(all, "00009\n") || len(f.got) != 11 {
		t.Errorf("got %q", all)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(states) != 2 || states[0] == nil || states[1] != nil {
		t.Errorf("told %v", states)
	}
}

func TestQueueWithoutBlockLosesAtOnce(t *testing.T) {
	f := &fakeSink{hold: make(chan struct{})}
	q := NewQueue(f, QueueOptions{Limit: 60})
	put(q, 100)
	if d := q.Dropped(); d != 90 {
		t.Errorf("%d dropped, want 90", d)
	}
	close(f.hold)
	q.Close()
}

// A sink that is stuck holds the writer up for some seconds once, not for ever.
func TestQueueBeforeAStuckSink(t *testing.T) {
	f := &fakeSink{hold: make(chan struct{})}
	defer close(f.hold)
	q := NewQueue(f, QueueOptions{Limit: 60, Block: true})
	done := make(chan struct{})
	go func() {
		put(q, 1000)
		q.Close()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(60 * time.Second):
		t.Fatal("the writer is stopped")
	}
	if d := q.Dropped(); d != 1000 {
		t.Errorf("%d dropped of 1000", d)
	}
}
