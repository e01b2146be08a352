package ttrpc_test

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	task "github.com/containerd/containerd/api/runtime/task/v3"
	library "github.com/containerd/ttrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pouchcontainer/pouch/pkg/shim/taskapi"
	"github.com/pouchcontainer/pouch/pkg/shim/ttrpc"
	"github.com/pouchcontainer/pouch/pkg/wire"
)

const service = "containerd.task.v3.Task"

// serve serves Start, which answers with the length of the id, or does what it
// says, and Wait, which waits for its context: waited is told nil when it begins, and
// at its end why.
func serve(t *testing.T) (path string, waited chan error) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	waited = make(chan error, 2)
	s := ttrpc.NewServer(map[string]map[string]ttrpc.Method{service: {
		"Start": func(_ context.Context, unmarshal func(any) error) (any, error) {
			var r taskapi.ProcessRequest
			if err := unmarshal(&r); err != nil {
				return nil, err
			}
			switch r.ID {
			case "conflict":
				return nil, &ttrpc.Error{Code: 9, Message: "it is: running"}
			case "plain":
				return nil, errors.New("plain")
			case "large":
				return &taskapi.StateResponse{ID: strings.Repeat("x", 5<<20)}, nil
			}
			return &taskapi.StartResponse{Pid: uint32(len(r.ID))}, nil
		},
		"Wait": func(ctx context.Context, _ func(any) error) (any, error) {
			waited <- nil
			<-ctx.Done()
			waited <- ctx.Err()
			return nil, ctx.Err()
		},
	}})
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-served; !errors.Is(err, ttrpc.ErrServerClosed) {
			t.Errorf("served: %v", err)
		}
	})
	return path, waited
}

func dial(t *testing.T, path string) net.Conn {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// TestLibraryCalls: the library's client, which containerd has, is understood.
func TestLibraryCalls(t *testing.T) {
	path, waited := serve(t)
	client := library.NewClient(dial(t, path))
	defer client.Close()
	c := task.NewTTRPCTaskClient(client)
	if _, err := c.Start(t.Context(), &task.StartRequest{}); err != nil { // so that the next one comes at once
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	waiting := make(chan error, 1)
	go func() {
		_, err := c.Wait(ctx, &task.WaitRequest{ID: "x"})
		waiting <- err
	}()
	<-waited
	for _, n := range []int{0, 1, 1 << 20} { // while the other call waits
		r, err := c.Start(t.Context(), &task.StartRequest{ID: strings.Repeat("x", n)})
		if err != nil || r.Pid != uint32(n) {
			t.Errorf("%d: %v, %v", n, r, err)
		}
	}
	if err := <-waiting; err == nil {
		t.Error("a deadline is nothing")
	}
	if err := <-waited; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the method saw %v", err)
	}
	for id, want := range map[string]codes.Code{"conflict": codes.FailedPrecondition, "plain": codes.Unknown, "large": codes.ResourceExhausted} {
		if _, err := c.Start(t.Context(), &task.StartRequest{ID: id}); status.Code(err) != want {
			t.Errorf("%s: %v", id, err)
		}
	}
	if _, err := c.Pids(t.Context(), &task.PidsRequest{}); status.Code(err) != codes.Unimplemented {
		t.Errorf("no such method: %v", err)
	}
}

// TestGoneClient: a method that waits learns that its caller is gone.
func TestGoneClient(t *testing.T) {
	path, waited := serve(t)
	client := library.NewClient(dial(t, path))
	go task.NewTTRPCTaskClient(client).Wait(context.Background(), &task.WaitRequest{})
	<-waited
	client.Close()
	if err := <-waited; !errors.Is(err, context.Canceled) {
		t.Errorf("it saw %v", err)
	}
}

// TestGarbage: whatever is sent, the next connection is served.
func TestGarbage(t *testing.T) {
	path, _ := serve(t)
	for _, bad := range []string{
		"\xff\xff\xff\xff", "\x00\x00\x00\x02\x00\x00\x00\x01\x01\x00\xff\xff",
		"\x00\x00\x00\x00\x00\x00\x00\x01\x07\x00", "\x00\x00\x00\x00\x00\x00\x00\x01\x01\x00",
		"\x00\x40\x00\x01\x00\x00\x00\x01\x01\x00" + strings.Repeat("x", 4<<20+1),
	} {
		c := dial(t, path)
		io.WriteString(c, bad)
		c.Close()
	}
	c, err := ttrpc.Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var r taskapi.StartResponse
	if err := c.Call(t.Context(), service, "Start", taskapi.ProcessRequest{ID: "abc"}, &r); err != nil || r.Pid != 3 {
		t.Errorf("%v, %v", r, err)
	}
}

// echo is the library's server of one method.
type echo struct{ task.TTRPCTaskService }

func (echo) Start(_ context.Context, r *task.StartRequest) (*task.StartResponse, error) {
	if r.ID == "conflict" {
		return nil, status.Error(codes.FailedPrecondition, "it is: running")
	}
	return &task.StartResponse{Pid: uint32(len(r.ID))}, nil
}

func (echo) Wait(ctx context.Context, _ *task.WaitRequest) (*task.WaitResponse, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestLibraryServes: the library's server, which containerd has, understands.
func TestLibraryServes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := library.NewServer()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	task.RegisterTTRPCTaskService(s, echo{})
	go s.Serve(context.Background(), l)
	c, err := ttrpc.Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 3 {
		var r taskapi.StartResponse
		if err := c.Call(t.Context(), service, "Start", taskapi.ProcessRequest{ID: "abc"}, &r); err != nil || r.Pid != 3 {
			t.Errorf("%v, %v", r, err)
		}
	}
	err = c.Call(t.Context(), service, "Start", taskapi.ProcessRequest{ID: "conflict"}, &wire.Empty{})
	if e, ok := errors.AsType[*ttrpc.Error](err); !ok || e.Code != 9 || e.Message != "it is: running" {
		t.Errorf("conflict: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := c.Call(ctx, service, "Wait", taskapi.ProcessRequest{}, &wire.Empty{}); err == nil {
		t.Error("a call outlived its time")
	}
}
