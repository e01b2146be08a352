package container

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/store"
)

// TestSocketsFail: sockets that cannot be made are an error, and leave no descriptor.
func TestSocketsFail(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(filepath.Join(dir, "root"), filepath.Join(dir, strings.Repeat("long", 30)))
	if err != nil {
		t.Fatal(err)
	}
	sockets := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, e := range entries {
			if at, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(at, "socket:") {
				n++
			}
		}
		return n
	}
	before := sockets()
	in, err := Open(s, "").sockets(strings.Repeat("a", 64))
	if err == nil || in != nil {
		t.Fatalf("sockets below a path that is too long: %v, %v", in, err)
	}
	if after := sockets(); after != before {
		t.Errorf("%d sockets are open, %d before", after, before)
	}
}
