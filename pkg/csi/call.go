package csi

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// limits say how long to wait, and how long to try again.
type limits struct {
	call  time.Duration // for one answer
	reach time.Duration // for a driver that nobody reaches
	pause time.Duration // before the second try; it doubles
	look  time.Duration // for all that is asked when somebody looks at a volume
}

func standard() limits {
	return limits{call: time.Minute, reach: 3 * time.Second, pause: 50 * time.Millisecond, look: 5 * time.Second}
}

// longestPause bounds what is waited between two tries.
const longestPause = 5 * time.Second

// failure is an error of a call.
type failure struct {
	error
	certain bool // nothing was done: the driver has said so, and was asked only once
}

// Unwrap returns the error with its kind.
func (f failure) Unwrap() error { return f.error }

// call makes one call of the interface, with a deadline, and again with a pause that
// grows as long as the answer is one that wants that (CSI spec, "Error scheme":
// ABORTED, DEADLINE_EXCEEDED, UNAVAILABLE), for twice the time of a call.
// The request is the same each time, so that the driver knows it again.
func call[Q, A any](ctx context.Context, c *Client, conn *grpc.ClientConn, method string, f func(context.Context, Q, ...grpc.CallOption) (A, error), q Q) (A, error) {
	t := tries{limits: c.limits, begun: time.Now()}
	for n, pause := 1, c.limits.pause; ; n, pause = n+1, min(2*pause, longestPause) {
		one, cancel := context.WithTimeout(ctx, c.limits.call)
		a, err := f(one, q)
		cancel()
		if err == nil {
			return a, nil
		}
		code := status.Code(err)
		slog.Debug("csi", "driver", c.Name, "call", method, "try", n, "code", code.String())
		if !again(code) || ctx.Err() != nil || t.enough(conn.GetState() == connectivity.Ready, pause) {
			return a, failure{c.explain(method, err), n == 1 && definite(code)}
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// tries says how long to go on with a call: long with a driver that answers, a
// moment, in which it may be started anew, with one that is not reached.
type tries struct {
	limits
	begun, lost time.Time
}

func (t *tries) enough(reached bool, pause time.Duration) bool {
	then := time.Now().Add(pause)
	if reached {
		t.lost = time.Time{}
	} else if t.lost.IsZero() {
		t.lost = time.Now()
	}
	return then.Sub(t.begun) > 2*t.call || !t.lost.IsZero() && then.Sub(t.lost) > t.reach
}

// again reports whether the same call may go better in a while.
func again(code codes.Code) bool {
	return code == codes.Aborted || code == codes.DeadlineExceeded || code == codes.Unavailable
}

// definite reports whether after such an answer nothing can have been done.
func definite(code codes.Code) bool {
	switch code {
	case codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.OutOfRange, codes.ResourceExhausted,
		codes.FailedPrecondition, codes.PermissionDenied, codes.Unauthenticated, codes.Unimplemented:
		return true
	}
	return false
}

// explain names driver and call, and gives the error its kind.
func (c *Client) explain(method string, err error) error {
	s := status.Convert(err)
	if s.Code() == codes.Canceled {
		return fmt.Errorf("driver %s: %s: %w", c.Name, method, context.Canceled)
	}
	text := s.Message()
	switch s.Code() {
	case codes.AlreadyExists:
		text += " (it exists with other parameters)"
	case codes.OutOfRange:
		text += " (the driver cannot have that size)"
	case codes.ResourceExhausted:
		text += " (the driver has no room)"
	case codes.DeadlineExceeded:
		text = "no answer in time: " + text
	}
	return errs.New(kind(s.Code()), "driver %s: %s: %s: %s", c.Name, method, s.Code(), text)
}

// kind is the kind of error that an answer means.
func kind(code codes.Code) errs.Kind {
	switch code {
	case codes.InvalidArgument, codes.OutOfRange:
		return errs.Invalid
	case codes.NotFound:
		return errs.NotFound
	case codes.AlreadyExists:
		return errs.Conflict
	case codes.FailedPrecondition:
		return errs.InUse
	case codes.PermissionDenied, codes.Unauthenticated:
		return errs.Denied
	case codes.Unimplemented:
		return errs.Unsupported
	case codes.Unavailable, codes.Aborted, codes.DeadlineExceeded, codes.ResourceExhausted:
		return errs.Unavailable
	case codes.DataLoss:
		return errs.Corrupt
	}
	return errs.Internal
}
