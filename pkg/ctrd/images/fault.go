package images

import (
	"context"
	"errors"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/ctrd/rpc"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

// of is Fault of a call on conn, whose address is told when nobody answers there.
func of(conn *rpc.Conn, err error, doing string) error {
	switch rpc.CodeOf(err) {
	case rpc.Unavailable:
		err = errs.New(errs.Unavailable, "containerd at %s: %w", conn.Address(), err)
	case rpc.DeadlineExceeded:
		err = errs.New(errs.Unavailable, "containerd at %s does not answer (%v)", conn.Address(), Timeout)
	}
	return Fault(err, doing)
}

// Fault says what was being done when containerd answered err, with the kind of
// its gRPC code; an error that has a kind keeps it, and nil stays nil.
func Fault(err error, doing string) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return errs.New(e.Kind, "%s: %w", doing, err)
	}
	code := rpc.CodeOf(err)
	switch code {
	case rpc.Canceled:
		return context.Canceled
	case rpc.Unavailable:
		return errs.New(errs.Unavailable, "%s: no connection to containerd%s: %w", doing, at(err), err)
	case rpc.DeadlineExceeded:
		return errs.New(errs.Unavailable, "%s: containerd%s does not answer", doing, at(err))
	}
	return errs.New(kindOf(code), "%s: %w", doing, err)
}

// at names the socket of the containerd that err is about, if it is known.
func at(err error) string {
	if a := rpc.AddressOf(err); a != "" {
		return " at " + a
	}
	return ""
}

func kindOf(c rpc.Code) errs.Kind {
	switch c {
	case rpc.NotFound:
		return errs.NotFound
	case rpc.AlreadyExists:
		return errs.Conflict
	case rpc.FailedPrecondition:
		return errs.InUse
	case rpc.Unavailable:
		return errs.Unavailable
	case rpc.PermissionDenied, rpc.Unauthenticated:
		return errs.Denied
	case rpc.InvalidArgument, rpc.OutOfRange:
		return errs.Invalid
	}
	return errs.Internal
}

// OrphanFolder reports whether a snapshot was refused because a containerd that
// was killed in the middle of another left a folder in its place. containerd
// removes it as it refuses (overlay snapshotter, createSnapshot): the same call
// works the next time.
func OrphanFolder(err error) bool {
	return err != nil && strings.Contains(err.Error(), "failed to rename") && strings.Contains(err.Error(), "file exists")
}
