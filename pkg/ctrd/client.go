// Package ctrd talks to containerd, with pkg/ctrd/rpc and the messages of
// pkg/wire that it needs: containerd's client library costs a command 20 ms at
// its start, its generated API with gRPC half of the rest. Every call is
// idempotent and bounded in time; a containerd that is gone or hangs gives kind
// unavailable.
package ctrd

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/ctrd/rpc"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/wire"
)

// Namespace is where Pouch keeps its objects in containerd.
const Namespace = "pouch"

// Snapshotter is the one that Pouch uses.
const Snapshotter = "overlayfs"

// CallTimeout bounds a call; calls that run a container's code are bounded by a
// containerd that stops answering for this long instead.
const CallTimeout = 10 * time.Second

// Client is a connection to containerd in one namespace.
type Client struct {
	Conn      *rpc.Conn
	Address   string // path of the socket
	Namespace string
	Blobs     string // see images.Content

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
func Dial(address, namespace string) *Client {
	return &Client{Conn: rpc.NewConn(address), Address: address, Namespace: namespace, born: time.Now()}
}

// Images is where images.Lookup looks.
func (c *Client) Images() images.Content {
	return images.Content{Conn: c.Conn, Namespace: c.Namespace, Blobs: c.Blobs}
}

// Connect makes the connection, which else the first call does. It fails with kind
// unavailable when nobody listens.
func (c *Client) Connect(ctx context.Context) error { return c.kind("connect", c.Conn.Connect(ctx)) }

// Close ends the connection. Idempotent.
func (c *Client) Close() error { return c.Conn.Close() }

// make is call of a method that makes an object. It is not given up half-way:
// containerd would make the object after those have looked who undo.
func (c *Client) make(ctx context.Context, method string, req, res any) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return c.call(context.WithoutCancel(ctx), method, req, res)
}

type slowCall struct{}

// services is the beginning of the names of containerd's services.
const services = "/containerd.services."

// call calls a method of one of containerd's services ("tasks.v1.Tasks/Get"),
// bounds it, and gives errors a kind.
func (c *Client) call(ctx context.Context, method string, req, res any) error {
	if at := c.silent.Load(); at != 0 && time.Since(c.born)-time.Duration(at) < silence {
		return c.noAnswer()
	}
	bounded := ctx
	if ctx.Value(slowCall{}) == nil {
		var cancel context.CancelFunc
		bounded, cancel = context.WithTimeout(ctx, CallTimeout)
		defer cancel()
	}
	md := rpc.Metadata{"containerd-namespace": c.Namespace}
	begun := time.Now()
	err := c.Conn.Call(bounded, services+method, md, req, res)
	slog.Debug("containerd", "call", method, "took", time.Since(begun), "error", err)
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(cause, context.DeadlineExceeded) {
		return cause // a deadline that is over says: no answer
	}
	if rpc.CodeOf(err) == rpc.DeadlineExceeded {
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
	var r struct {
		Version string `pb:"1"`
	}
	err := c.call(ctx, "version.v1.Version/Version", wire.Empty{}, &r)
	return r.Version, err
}

// kind turns a gRPC status into an error of Pouch's.
func (c *Client) kind(method string, err error) error {
	if err == nil {
		return nil
	}
	text := "containerd: " + method + ": " + err.Error()
	switch rpc.CodeOf(err) {
	case rpc.NotFound:
		return errs.New(errs.NotFound, "%s", text)
	case rpc.AlreadyExists:
		return errs.New(errs.Conflict, "%s", text)
	case rpc.FailedPrecondition:
		return errs.New(errs.InUse, "%s", text)
	case rpc.InvalidArgument:
		return errs.New(errs.Invalid, "%s", text)
	case rpc.DeadlineExceeded:
		return c.noAnswer()
	case rpc.Unavailable:
		return errs.New(errs.Unavailable, "containerd at %s: %w", c.Address, err)
	case rpc.Canceled:
		return context.Canceled
	}
	return errors.New(text)
}

// unless returns nil for an error of kind k, and err otherwise.
func unless(err error, k errs.Kind) error {
	if errs.Is(err, k) {
		return nil
	}
	return err
}
