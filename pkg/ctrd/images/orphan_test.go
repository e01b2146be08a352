package images

import (
	"testing"

	"github.com/pouchcontainer/pouch/pkg/ctrd/rpc"
)

func TestOrphanFolder(t *testing.T) {
	orphan := error(&rpc.Error{Code: rpc.Unknown, Message: "failed to rename: rename /l/snapshots/new-12 /l/snapshots/29: file exists"})
	if !OrphanFolder(orphan) {
		t.Error("an orphan is not seen")
	}
	for _, err := range []error{nil, &rpc.Error{Code: rpc.AlreadyExists, Message: `snapshot "x": already exists`}} {
		if OrphanFolder(err) {
			t.Errorf("%v is none", err)
		}
	}
}
