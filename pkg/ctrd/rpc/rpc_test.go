package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	containers "github.com/containerd/containerd/api/services/containers/v1"
	content "github.com/containerd/containerd/api/services/content/v1"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/pouchcontainer/pouch/pkg/ctrd/rpc"
	"github.com/pouchcontainer/pouch/pkg/wire"
)

// server is a service of grpc-go's, which containerd has, too.
type server struct {
	containers.UnimplementedContainersServer
	begun chan bool  // a call hangs from now on
	ended chan error // why the context of a call that hung ended
}

// Get answers with what it was asked, or does what the id says.
func (s *server) Get(ctx context.Context, r *containers.GetContainerRequest) (*containers.GetContainerResponse, error) {
	switch r.ID {
	case "hang":
		s.begun <- true
		<-ctx.Done()
		s.ended <- ctx.Err()
		return nil, ctx.Err()
	case "fail":
		return nil, status.Error(codes.NotFound, "100% né\n")
	}
	md, _ := metadata.FromIncomingContext(ctx)
	return &containers.GetContainerResponse{Container: &containers.Container{
		ID: r.ID, Image: strings.Join(md.Get("containerd-namespace"), ","),
	}}, nil
}

type store struct {
	content.UnimplementedContentServer
}

// Read sends as many messages as the size says, then fails if the offset does.
func (store) Read(r *content.ReadContentRequest, out content.Content_ReadServer) error {
	for i := range r.Size {
		if err := out.Send(&content.ReadContentResponse{Offset: i, Data: bytes.Repeat([]byte{byte(i)}, 100000)}); err != nil {
			return err
		}
	}
	if r.Offset != 0 {
		return status.Error(codes.Aborted, "half-way")
	}
	return nil
}

const (
	get  = "/containerd.services.containers.v1.Containers/Get"
	read = "/containerd.services.content.v1.Content/Read"
)

type getRequest struct {
	ID string `pb:"1"`
}

type getResponse struct {
	Container struct {
		ID    string `pb:"1"`
		Image string `pb:"3"`
	} `pb:"1"`
}

type readRequest struct {
	Offset int64 `pb:"2"`
	Size   int64 `pb:"3"`
}

func serve(t *testing.T, path string) (*grpc.Server, *server) {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	g, s := grpc.NewServer(grpc.MaxRecvMsgSize(32<<20), grpc.MaxSendMsgSize(32<<20)), &server{begun: make(chan bool, 100), ended: make(chan error, 100)}
	containers.RegisterContainersServer(g, s)
	content.RegisterContentServer(g, store{})
	go g.Serve(l)
	t.Cleanup(g.Stop)
	return g, s
}

func start(t *testing.T) (*rpc.Conn, *server) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	_, s := serve(t, path)
	c := rpc.NewConn(path)
	t.Cleanup(func() { c.Close() })
	return c, s
}

// TestCall: messages of no bytes, and larger than every window, many at once.
func TestCall(t *testing.T) {
	c, _ := start(t)
	var g errgroup.Group
	for i, size := range []int{0, 1, 126, 127, 128, 16 << 10, 70000, 3 << 20, 15 << 20} {
		for range 3 {
			g.Go(func() error {
				id := strings.Repeat("x", size)
				ns := strings.Repeat("n", i*60)
				var res getResponse
				err := c.Call(t.Context(), get, rpc.Metadata{"containerd-namespace": ns}, getRequest{id}, &res)
				if err != nil || res.Container.ID != id || res.Container.Image != ns {
					return fmt.Errorf("%d bytes: %d and %d came back, %w", size, len(res.Container.ID), len(res.Container.Image), err)
				}
				return nil
			})
		}
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

func TestErrors(t *testing.T) {
	c, _ := start(t)
	err := c.Call(t.Context(), get, nil, getRequest{"fail"}, &wire.Empty{})
	if rpc.CodeOf(err) != rpc.NotFound || err.Error() != "100% né\n" {
		t.Errorf("%d %q", rpc.CodeOf(err), err)
	}
	if err := c.Call(t.Context(), "/no.such/Method", nil, wire.Empty{}, &wire.Empty{}); rpc.CodeOf(err) != rpc.Unimplemented {
		t.Errorf("no such method: %v", err)
	}
	if err := c.Call(t.Context(), get, nil, getRequest{strings.Repeat("x", 17<<20)}, &getResponse{}); rpc.CodeOf(err) != rpc.ResourceExhausted {
		t.Errorf("an answer over the limit: %v", err)
	}
	if err := c.Call(t.Context(), get, nil, getRequest{"ok"}, &getResponse{}); err != nil {
		t.Errorf("after the errors: %v", err)
	}
	nobody := rpc.NewConn(filepath.Join(t.TempDir(), "nobody"))
	if err := nobody.Call(t.Context(), get, nil, getRequest{}, &getResponse{}); rpc.CodeOf(err) != rpc.Unavailable || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("nobody listens: %v", err)
	}
}

func TestStream(t *testing.T) {
	c, _ := start(t)
	s, err := c.Open(t.Context(), read, nil, readRequest{Size: 800})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 800 { // 80 MB: more than the window
		var part struct {
			Offset int64  `pb:"1"`
			Data   []byte `pb:"2"`
		}
		if err := s.Recv(&part); err != nil || part.Offset != int64(i) || len(part.Data) != 100000 || part.Data[99999] != byte(i) {
			t.Fatalf("%d: %d, %d bytes, %v", i, part.Offset, len(part.Data), err)
		}
	}
	if err := s.Recv(&wire.Empty{}); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
	half, err := c.Open(t.Context(), read, nil, readRequest{Offset: 1, Size: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer half.Close()
	if err := half.Recv(&wire.Empty{}); err != nil {
		t.Error(err)
	}
	if err := half.Recv(&wire.Empty{}); rpc.CodeOf(err) != 10 || err.Error() != "half-way" {
		t.Errorf("half-way: %v", err)
	}
}

// TestContext: the server learns of a call that was given up, and of its
// deadline.
func TestContext(t *testing.T) {
	c, s := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-s.begun; cancel() }()
	if err := c.Call(ctx, get, nil, getRequest{"hang"}, &getResponse{}); rpc.CodeOf(err) != rpc.Canceled {
		t.Errorf("cancelled: %v", err)
	}
	if err := <-s.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the server saw %v", err)
	}
	ctx = late(t, c, s)
	if err := c.Call(ctx, get, nil, getRequest{"x"}, &getResponse{}); rpc.CodeOf(err) != rpc.DeadlineExceeded {
		t.Errorf("too late to begin: %v", err)
	}
}

// late makes a call that ends with its deadline, and returns that one's context. On a
// machine that stands still the call may not have come to the server by then, which has
// seen no end: it is made again with more time.
func late(t *testing.T, c *rpc.Conn, s *server) context.Context {
	t.Helper()
	for limit := 100 * time.Millisecond; ; limit *= 2 {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		if err := c.Call(ctx, get, nil, getRequest{"hang"}, &getResponse{}); rpc.CodeOf(err) != rpc.DeadlineExceeded {
			t.Errorf("late: %v", err)
		}
		<-ctx.Done()
		select {
		case <-s.ended:
			return ctx
		case <-time.After(limit):
		}
	}
}

// TestLost: a server that ends breaks calls off, and the next call finds the one
// that took its place.
func TestLost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	first, s := serve(t, path)
	c := rpc.NewConn(path)
	defer c.Close()
	if err := c.Call(t.Context(), get, nil, getRequest{"x"}, &getResponse{}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- c.Call(t.Context(), get, nil, getRequest{"hang"}, &getResponse{}) }()
	<-s.begun
	first.Stop()
	if err := <-done; rpc.CodeOf(err) != rpc.Unavailable && rpc.CodeOf(err) != rpc.Canceled {
		t.Errorf("broken off: %v", err)
	}
	serve(t, path)
	var err error
	for end := time.Now().Add(5 * time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		// The end of the old connection may not have been seen yet.
		if err = c.Call(t.Context(), get, nil, getRequest{"x"}, &getResponse{}); err == nil {
			break
		}
	}
	if err != nil {
		t.Errorf("the new server: %v", err)
	}
	c.Close()
	if err := c.Call(t.Context(), get, nil, getRequest{"x"}, &getResponse{}); err != nil {
		t.Errorf("a closed connection is made anew: %v", err)
	}
}

// TestNoServer: whatever else listens there gives an error, and no hang.
func TestNoServer(t *testing.T) {
	for name, answer := range map[string]string{
		"silence": "", "text": "HTTP/1.1 400 Bad Request\r\n\r\n",
		"frames": "\x00\x00\x00\x04\x00\x00\x00\x00\x00" + "\x00\x00\x01\x01\x04\x00\x00\x00\x01\xff",
	} {
		path := filepath.Join(t.TempDir(), "s")
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				io.WriteString(c, answer)
				c.Close()
			}
		}()
		c := rpc.NewConn(path)
		if err := c.Call(t.Context(), get, nil, getRequest{"x"}, &getResponse{}); rpc.CodeOf(err) == 0 {
			t.Errorf("%s: no error", name)
		}
		c.Close()
		l.Close()
	}
}

// TestConnect: a server that speaks, one that says nothing, one that hangs up, none.
func TestConnect(t *testing.T) {
	c, _ := start(t)
	if err := c.Connect(t.Context()); err != nil {
		t.Error(err)
	}
	mute := listener(t, false)
	if err := mute.Connect(t.Context()); err != nil {
		t.Errorf("it says nothing: %v", err)
	}
	rude := listener(t, true)
	err := rude.Connect(t.Context())
	for end := time.Now().Add(5 * time.Minute); err == nil && time.Now().Before(end); {
		err = rude.Connect(t.Context()) // who hangs up may have got no turn in the little time
	}
	if rpc.CodeOf(err) != rpc.Unavailable {
		t.Errorf("it hangs up: %v", err)
	}
	if err := rpc.NewConn("/nosuch").Connect(t.Context()); rpc.CodeOf(err) != rpc.Unavailable {
		t.Errorf("nobody: %v", err)
	}
}

// listener is a connection to somebody who says nothing, or always hangs up.
func listener(t *testing.T, hangsUp bool) *rpc.Conn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if hangsUp {
				c.Close()
			}
		}
	}()
	c := rpc.NewConn(path)
	t.Cleanup(func() { c.Close(); l.Close() })
	return c
}

func FuzzServer(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x04\x00\x00\x00\x00\x00"))
	f.Add([]byte("\x00\x00\x0e\x01\x04\x00\x00\x00\x01\x88\x40\x0bgrpc-status\x010"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		path := filepath.Join(t.TempDir(), "s")
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Skip(err)
		}
		defer l.Close()
		go func() {
			c, err := l.Accept()
			if err == nil {
				c.Write(answer)
				c.Close()
			}
		}()
		c := rpc.NewConn(path)
		defer c.Close()
		c.Call(t.Context(), get, nil, getRequest{"x"}, &getResponse{})
	})
}
