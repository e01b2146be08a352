package images

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Fault says what was being done when containerd answered err, with the kind of
// its gRPC code; an error that has a kind keeps it, and nil stays nil.
func Fault(err error, doing string) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return errs.New(e.Kind, "%s: %w", doing, err)
	}
	st := status.Convert(err)
	switch st.Code() {
	case codes.Canceled:
		return context.Canceled
	case codes.Unavailable:
		return errs.New(errs.Unavailable, "%s: no connection to containerd: %s", doing, Message(st))
	case codes.DeadlineExceeded:
		return errs.New(errs.Unavailable, "%s: containerd does not answer", doing)
	}
	return errs.New(kindOf(st.Code()), "%s: %s", doing, Message(st))
}

// Message is what st says; of a connection that could not be made its cause
// alone.
func Message(st *status.Status) string {
	_, cause, ok := strings.Cut(st.Message(), "Error while dialing: ")
	if !ok {
		return st.Message()
	}
	return strings.TrimSuffix(cause, `"`)
}

func kindOf(c codes.Code) errs.Kind {
	switch c {
	case codes.NotFound:
		return errs.NotFound
	case codes.AlreadyExists:
		return errs.Conflict
	case codes.FailedPrecondition:
		return errs.InUse
	case codes.Unavailable:
		return errs.Unavailable
	case codes.PermissionDenied, codes.Unauthenticated:
		return errs.Denied
	case codes.InvalidArgument, codes.OutOfRange:
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
