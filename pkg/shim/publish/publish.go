// Package publish sends a supervisor's task events to containerd, in order,
// over containerd's ttrpc socket (services/ttrpc/events/v1). Sending never
// holds up the supervisor: containerd may be down for a while.
package publish

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"time"

	events "github.com/containerd/containerd/api/services/ttrpc/events/v1"
	"github.com/containerd/containerd/api/types"
	"github.com/containerd/ttrpc"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	queueSize   = 1024
	callTimeout = 5 * time.Second
	attempts    = 5
)

// Publisher has one queue and one goroutine. The nil Publisher drops everything.
type Publisher struct {
	address   string
	namespace string
	queue     chan *types.Envelope
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
		queue: make(chan *types.Envelope, queueSize), done: make(chan struct{}),
	}
	go p.run()
	return p
}

// Publish queues an event. With a full queue, after Close, or when it cannot be
// encoded, it is dropped and false returned.
func (p *Publisher) Publish(topic string, event proto.Message) bool {
	if p == nil {
		return true
	}
	packed, err := typeurl.MarshalAnyToProto(event)
	if err != nil {
		return false
	}
	e := &types.Envelope{Timestamp: timestamppb.Now(), Namespace: p.namespace, Topic: topic, Event: packed}
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

func (p *Publisher) send(e *types.Envelope) error {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	if p.client == nil {
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", p.address)
		if err != nil {
			return err
		}
		p.client = ttrpc.NewClient(conn)
	}
	_, err := events.NewTTRPCEventsClient(p.client).Forward(ctx, &events.ForwardRequest{Envelope: e})
	if errors.Is(err, ttrpc.ErrClosed) || errors.Is(err, context.DeadlineExceeded) {
		p.client.Close()
		p.client = nil
	}
	return err
}
