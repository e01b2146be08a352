// Package ctrd talks to containerd through its generated API alone: the client
// library costs a command 20 ms at its start. Every call is idempotent and
// bounded in time; a containerd that is gone or hangs gives kind unavailable.
package ctrd

import (
	"context"
	"errors"
	"log/slog"
	"path"
	"sync/atomic"
	"time"

	containers "github.com/containerd/containerd/api/services/containers/v1"
	leases "github.com/containerd/containerd/api/services/leases/v1"
	sandbox "github.com/containerd/containerd/api/services/sandbox/v1"
	snapshots "github.com/containerd/containerd/api/services/snapshots/v1"
	tasks "github.com/containerd/containerd/api/services/tasks/v1"
	version "github.com/containerd/containerd/api/services/version/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Namespace is where Pouch keeps its objects in containerd.
const Namespace = "pouch"

// Snapshotter is the one that Pouch uses.
const Snapshotter = "overlayfs"

// CallTimeout bounds a call; calls that run a container's code are bounded by a
// containerd that stops answering for this long instead.
const CallTimeout = 10 * time.Second

// maxMessage bounds what containerd may answer, bytes.
const maxMessage = 16 << 20

// Client is a connection to containerd in one namespace.
type Client struct {
	Conn      *grpc.ClientConn
	Address   string // path of the socket
	Namespace string

	silent atomic.Int64 // when a call had no answer, monotonic nanoseconds since born; 0: never
	born   time.Time
}

// silence is how long after a call without an answer further ones are refused
// at once: a command makes many, and must not wait for each.
const silence = 5 * time.Second

func (c *Client) noAnswer() error {
	return errs.New(errs.Unavailable, "containerd at %s does not answer (%v)", c.Address, CallTimeout)
}

// Dial returns a client of the containerd at address, the path of a unix
// socket. It does not wait for a connection: the first call does.
func Dial(address, namespace string) (*Client, error) {
	c := &Client{Address: address, Namespace: namespace, born: time.Now()}
	conn, err := grpc.NewClient("unix:"+address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDisableServiceConfig(),
		grpc.WithNoProxy(),
		grpc.WithUnaryInterceptor(c.call),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)))
	if err != nil {
		return nil, errs.New(errs.Unavailable, "containerd at %s: %w", address, err)
	}
	c.Conn = conn
	return c, nil
}

// Close ends the connection. Idempotent.
func (c *Client) Close() error { return c.Conn.Close() }

type slowCall struct{}

// call puts the namespace on every call, bounds it, and gives errors a kind.
func (c *Client) call(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, do grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	ctx = metadata.AppendToOutgoingContext(ctx, "containerd-namespace", c.Namespace)
	if at := c.silent.Load(); at != 0 && time.Since(c.born)-time.Duration(at) < silence {
		return c.noAnswer()
	}
	bounded := ctx
	if ctx.Value(slowCall{}) == nil {
		var cancel context.CancelFunc
		bounded, cancel = context.WithTimeout(ctx, CallTimeout)
		defer cancel()
	}
	begun := time.Now()
	err := do(bounded, method, req, reply, cc, opts...)
	slog.Debug("containerd", "call", path.Base(path.Dir(method))+"/"+path.Base(method), "took", time.Since(begun), "error", err)
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(cause, context.DeadlineExceeded) {
		return cause // a deadline that is over says: no answer
	}
	if status.Code(err) == codes.DeadlineExceeded {
		c.silent.Store(int64(time.Since(c.born)))
	}
	return c.kind(method, err)
}

// slow marks ctx for calls that may rightly take long, and ends it when
// containerd stops answering.
func (c *Client) slow(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(CallTimeout / 2):
			}
			if err := c.Ping(ctx); err != nil && ctx.Err() == nil {
				cancel(err)
			}
		}
	}()
	return context.WithValue(ctx, slowCall{}, true), func() { cancel(context.Canceled) }
}

// Ping asks whether containerd answers.
func (c *Client) Ping(ctx context.Context) error {
	_, err := c.Version(ctx)
	return err
}

// Version asks containerd for its version.
func (c *Client) Version(ctx context.Context) (string, error) {
	r, err := version.NewVersionClient(c.Conn).Version(ctx, &emptypb.Empty{})
	return r.GetVersion(), err
}

// kind turns a gRPC status into an error of Pouch's.
func (c *Client) kind(method string, err error) error {
	if err == nil {
		return nil
	}
	st := status.Convert(err)
	text := "containerd: " + path.Base(path.Dir(method)) + "/" + path.Base(method) + ": " + st.Message()
	switch st.Code() {
	case codes.NotFound:
		return errs.New(errs.NotFound, "%s", text)
	case codes.AlreadyExists:
		return errs.New(errs.Conflict, "%s", text)
	case codes.FailedPrecondition:
		return errs.New(errs.InUse, "%s", text)
	case codes.InvalidArgument:
		return errs.New(errs.Invalid, "%s", text)
	case codes.DeadlineExceeded:
		return c.noAnswer()
	case codes.Unavailable:
		return errs.New(errs.Unavailable, "containerd at %s: %s", c.Address, images.Message(st))
	case codes.Canceled:
		return context.Canceled
	}
	return errors.New(text)
}

// underLease makes the objects of a call part of lease id.
func underLease(ctx context.Context, id string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "containerd-lease", id)
}

// unless returns nil for an error of kind k, and err otherwise.
func unless(err error, k errs.Kind) error {
	if errs.Is(err, k) {
		return nil
	}
	return err
}

func (c *Client) containers() containers.ContainersClient {
	return containers.NewContainersClient(c.Conn)
}
func (c *Client) leases() leases.LeasesClient          { return leases.NewLeasesClient(c.Conn) }
func (c *Client) sandboxes() sandbox.StoreClient       { return sandbox.NewStoreClient(c.Conn) }
func (c *Client) snapshots() snapshots.SnapshotsClient { return snapshots.NewSnapshotsClient(c.Conn) }
func (c *Client) tasks() tasks.TasksClient             { return tasks.NewTasksClient(c.Conn) }
