package stdio

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Sink is where entries go that may be slow or away: a server, a journal.
type Sink interface {
	// Send delivers an entry; text is as in Entry. After an error it is called with
	// the same entry again. It should not take longer than some seconds.
	Send(text []byte, stream string, at time.Time) error
	io.Closer
}

// QueueOptions say how a Queue treats what its sink does not take.
type QueueOptions struct {
	Limit int // bytes of text that wait
	// Block holds who puts an entry up while the queue is full. That ends when the
	// sink fails, or takes nothing for some seconds: then entries are lost until it
	// takes them again. Without Block a full queue loses entries at once.
	Block bool
	// Changed is told when the sink fails and, with nil, when it works again; also
	// how many entries were lost by then. It may be nil.
	Changed func(err error, dropped uint64)
}

const (
	queuePatience = 5 * time.Second        // for a sink that takes nothing
	queueFlush    = 5 * time.Second        // for what is left at the end
	queueFlushBad = time.Second            // likewise, by a sink that fails
	firstPause    = 100 * time.Millisecond // between two tries of a sink that fails
	lastPause     = 30 * time.Second
)

// Queue is a Log between a container and a Sink: nothing that the sink does can
// stop the container. A sink that fails is tried again, with longer and longer
// pauses, in the end every 30 seconds; what does not fit in the queue by then is
// lost and counted, and a line that says so goes to the sink when it works again.
type Queue struct {
	sink Sink
	o    QueueOptions

	mu      sync.Mutex
	list    []queued
	bytes   int
	room    room
	bad     bool // the sink fails, or is stuck
	closed  bool
	dropped uint64
	untold  uint64 // of dropped, what the sink does not know of

	work   chan struct{} // has an element when there may be something to send
	stop   chan struct{} // closed when what is left is given up
	ending chan struct{} // closed by Close
	done   chan struct{} // closed when nothing is sent any more
}

type queued struct {
	text   []byte
	stream string
	at     time.Time
}

var _ Log = (*Queue)(nil)

// NewQueue begins to send to sink, which is the queue's to close.
func NewQueue(sink Sink, o QueueOptions) *Queue {
	q := &Queue{
		sink: sink, o: o, work: make(chan struct{}, 1),
		stop: make(chan struct{}), ending: make(chan struct{}), done: make(chan struct{}),
	}
	go q.run()
	return q
}

// Put implements Log.
func (q *Queue) Put(text []byte, stream string, at time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.admit(len(text)) {
		q.dropped++
		q.untold++
		return
	}
	q.list = append(q.list, queued{append([]byte(nil), text...), stream, at})
	q.bytes += len(text)
	select {
	case q.work <- struct{}{}:
	default:
	}
}

// admit waits for room for n bytes, as the options say. An entry that is larger
// than the queue goes alone.
func (q *Queue) admit(n int) bool {
	for !q.closed && len(q.list) > 0 && q.bytes+n > q.o.Limit {
		if q.bad || !q.o.Block {
			return false
		}
		if !q.room.await(&q.mu, queuePatience) {
			q.bad = true // until it takes something
			if q.o.Changed != nil {
				go q.o.Changed(errStuck, q.dropped)
			}
		}
	}
	return !q.closed
}

// errStuck is told of a sink that does not fail and takes nothing.
var errStuck = fmt.Errorf("the log took nothing for %v", queuePatience)

// Dropped implements Log.
func (q *Queue) Dropped() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}

// Close implements Log: what is left is sent within five seconds, within one to a
// sink that fails, or is lost. A sink that is stuck is left behind.
func (q *Queue) Close() error {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return nil
	}
	q.closed = true
	limit := queueFlush
	if q.bad {
		limit = queueFlushBad
	}
	q.room.wake()
	q.mu.Unlock()
	close(q.ending)
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-q.done:
	case <-t.C:
	}
	close(q.stop)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dropped += uint64(len(q.list))
	q.list = nil
	return nil
}

// run sends until the queue is closed and empty, or is given up.
func (q *Queue) run() {
	defer close(q.done)
	defer q.sink.Close()
	for {
		e, ok := q.next()
		if !ok || !q.deliver(e) {
			return
		}
		q.taken(len(e.text))
		q.tellLoss()
	}
}

// next waits for an entry, which stays in the list; not ok when there will be
// none.
func (q *Queue) next() (queued, bool) {
	for {
		q.mu.Lock()
		if len(q.list) > 0 {
			e := q.list[0]
			q.mu.Unlock()
			return e, true
		}
		closed := q.closed
		q.mu.Unlock()
		if closed {
			return queued{}, false
		}
		select {
		case <-q.work:
		case <-q.ending:
		}
	}
}

func (q *Queue) taken(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.list) > 0 { // Close may have given it up
		q.list[0].text = nil
		q.list = q.list[1:]
		q.bytes -= n
	}
	q.room.wake()
}

// deliver sends one entry, as often as it takes; false when that is given up.
func (q *Queue) deliver(e queued) bool {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := q.sink.Send(e.text, e.stream, e.at)
		q.changed(err)
		if err == nil {
			return true
		}
		t := time.NewTimer(pause)
		select {
		case <-t.C:
		case <-q.ending:
			select {
			case <-time.After(firstPause):
			case <-q.stop:
			}
		}
		t.Stop()
		if isClosed(q.stop) {
			return false
		}
	}
}

// changed notes whether the sink works.
func (q *Queue) changed(err error) {
	q.mu.Lock()
	was, dropped := q.bad, q.dropped
	q.bad = err != nil
	if q.bad {
		q.room.wake()
	}
	q.mu.Unlock()
	if q.o.Changed != nil && was != (err != nil) {
		q.o.Changed(err, dropped)
	}
}

// tellLoss sends the line that says what was lost; when that fails, later.
func (q *Queue) tellLoss() {
	q.mu.Lock()
	n := q.untold
	q.mu.Unlock()
	if n == 0 {
		return
	}
	if q.sink.Send(fmt.Appendf(nil, "pouch: %d log entries were lost here: the log did not take them\n", n), "stderr", time.Now()) == nil {
		q.mu.Lock()
		q.untold -= n
		q.mu.Unlock()
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Delayed makes a sink of a log, for a Queue before it.
func Delayed(l Log) Sink { return delayed{l} }

type delayed struct{ Log }

func (d delayed) Send(text []byte, stream string, at time.Time) error {
	d.Put(text, stream, at)
	return nil
}
