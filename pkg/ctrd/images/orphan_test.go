package images

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestOrphanFolder(t *testing.T) {
	orphan := status.Error(codes.Unknown, "failed to rename: rename /l/snapshots/new-12 /l/snapshots/29: file exists")
	if !OrphanFolder(orphan) {
		t.Error("an orphan is not seen")
	}
	for _, err := range []error{nil, status.Error(codes.AlreadyExists, `snapshot "x": already exists`)} {
		if OrphanFolder(err) {
			t.Errorf("%v is none", err)
		}
	}
}
