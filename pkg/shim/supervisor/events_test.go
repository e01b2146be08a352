package supervisor

import (
	"context"
	"encoding/json"
	"net"
	"strings"
	"sync"
	"testing"

	eventsapi "github.com/containerd/containerd/api/services/ttrpc/events/v1"
	"github.com/containerd/ttrpc"
	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/record"
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

// TestSignalIsToldBeforeTheEnd: each signal to process 1 is told, and before the end that
// it brings, however soon that comes.
func TestSignalIsToldBeforeTheEnd(t *testing.T) {
	p := newPouch(t, nil, "sleep", "100")
	p.runDetached()
	const lives = 15
	for range lives {
		c := p.dial()
		must(t, c.Send(&ctl.Message{Op: ctl.Restart, Signal: int(unix.SIGTERM)}))
		p.recv(c, ctl.OK)
		c.Close()
	}
	var told []string
	for line := range strings.Lines(readFile(t, p.store.EventsPath())) {
		e := &record.Event{}
		must(t, json.Unmarshal([]byte(line), e))
		told = append(told, e.Action)
	}
	want := "start" + strings.Repeat(" kill kill die stop start restart", lives)
	if got := strings.Join(told, " "); got != want {
		t.Errorf("told:\n%s", strings.ReplaceAll(got, "start ", "start\n"))
	}
}
