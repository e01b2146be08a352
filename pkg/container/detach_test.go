package container

import (
	"testing"

	"github.com/pouchcontainer/pouch/pkg/ctl"
)

// A container may have come to its end before its command detaches.
func TestDetachFromTheEnded(t *testing.T) {
	ours, theirs, err := ctl.Pair()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	conn, err := ctl.FromFile(ours)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	theirs.Close()
	if err := (&supervisor{conn: conn}).detach(); err != nil {
		t.Error(err)
	}
}
