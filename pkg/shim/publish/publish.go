// Package publish sends a supervisor's task events to containerd, in order,
// over containerd's ttrpc socket (services/ttrpc/events/v1). Sending never
// holds up the supervisor: containerd may be down for a while.
package publish

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/pouchcontainer/pouch/pkg/shim/taskapi"
	"github.com/pouchcontainer/pouch/pkg/shim/ttrpc"
	"github.com/pouchcontainer/pouch/pkg/wire"
)

const (
	queueSize   = 1024
	callTimeout = 5 * time.Second
	attempts    = 5
)

// envelope is containerd.types.Envelope.
type envelope struct {
	Timestamp wire.Timestamp `pb:"1"`
	Namespace string         `pb:"2"`
	Topic     string         `pb:"3"`
	Event     wire.Any       `pb:"4"`
}

// Publisher has one queue and one goroutine. The nil Publisher drops everything.
type Publisher struct {
	address   string
	namespace string
	queue     chan *envelope
	done      chan struct{}

	mu     sync.Mutex
	closed bool // guards queue against a late Publish

	client *ttrpc.Client // of run alone
}

// New makes a publisher to containerd's ttrpc socket at address, a path with or
// without unix://. It connects with the first event. With no address it returns
// nil.
func New(address, namespace string) *Publisher {
	if address == "" {
		return nil
	}
	p := &Publisher{
		address: strings.TrimPrefix(address, "unix://"), namespace: namespace,
		queue: make(chan *envelope, queueSize), done: make(chan struct{}),
	}
	go p.run()
	return p
}

// Publish queues an event. With a full queue, or after Close, it is dropped and
// false returned.
func (p *Publisher) Publish(event taskapi.Event) bool {
	if p == nil {
		return true
	}
	e := &envelope{wire.Time(time.Now()), p.namespace, event.Topic(), wire.Any{TypeURL: event.Type(), Value: wire.Marshal(event)}}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	select {
	case p.queue <- e:
		return true
	default:
		return false
	}
}

// Close sends what is queued, for at most limit, and ends. Idempotent.
func (p *Publisher) Close(limit time.Duration) {
	if p == nil {
		return
	}
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.queue)
	}
	p.mu.Unlock()
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-p.done:
	case <-t.C:
	}
}

func (p *Publisher) run() {
	defer close(p.done)
	for e := range p.queue {
		pause := 100 * time.Millisecond
		for try := 1; p.send(e) != nil && try < attempts; try++ {
			time.Sleep(pause)
			pause *= 3
		}
	}
	if p.client != nil {
		p.client.Close()
	}
}

func (p *Publisher) send(e *envelope) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	if p.client == nil {
		if p.client, err = ttrpc.Dial(ctx, p.address); err != nil {
			p.client = nil
			return err
		}
	}
	req := struct {
		Envelope *envelope `pb:"1"`
	}{e}
	err = p.client.Call(ctx, "containerd.services.events.ttrpc.v1.Events", "Forward", req, &wire.Empty{})
	if _, refused := errors.AsType[*ttrpc.Error](err); err != nil && !refused {
		p.client.Close()
		p.client = nil
	}
	return err
}
