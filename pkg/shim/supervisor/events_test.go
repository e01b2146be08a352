package supervisor

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"

	eventsapi "github.com/containerd/containerd/api/services/ttrpc/events/v1"
	"github.com/containerd/ttrpc"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"
)

// forwarded is containerd's side of the events.
type forwarded struct {
	mu     sync.Mutex
	topics []string
}

func serveEvents(t *testing.T, path string) *forwarded {
	t.Helper()
	l, err := net.Listen("unix", path)
	must(t, err)
	srv, err := ttrpc.NewServer()
	must(t, err)
	e := &forwarded{}
	eventsapi.RegisterTTRPCEventsService(srv, e)
	go srv.Serve(context.Background(), l)
	t.Cleanup(func() { srv.Close() })
	return e
}

// Forward takes an event.
func (e *forwarded) Forward(_ context.Context, r *eventsapi.ForwardRequest) (*emptypb.Empty, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.topics = append(e.topics, strings.TrimPrefix(r.Envelope.Topic, "/tasks/"))
	return &emptypb.Empty{}, nil
}

func (e *forwarded) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.topics, " ")
}

func anyOf(data []byte) *anypb.Any {
	return &anypb.Any{TypeUrl: "types.containerd.io/opencontainers/runtime-spec/1/Process", Value: data}
}
