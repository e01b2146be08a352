package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// A removal that was killed on its way leaves no half container, and can be
// done again; a container that lost its state is damaged, not gone.
func TestRemoveContainer(t *testing.T) {
	s, err := Open(t.TempDir(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	id := strings.Repeat("a", 64)
	create := func() {
		t.Helper()
		if err := s.CreateContainer(&record.Container{ID: id, Name: "web"}, &record.State{Status: record.Created}); err != nil {
			t.Fatal(err)
		}
	}
	create()
	if err := os.Mkdir(s.stagedContainer(id), 0o700); err != nil { // of the killed one
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(s.names(), "web")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.RemoveContainer(id); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{s.ContainerDir(id), s.stagedContainer(id)} {
			if _, err := os.Lstat(path); err == nil {
				t.Errorf("%s is left", path)
			}
		}
	}
	if _, err := s.State(id); !errs.Is(err, errs.NotFound) {
		t.Errorf("the state of a removed one: %v", err)
	}
	create()
	if err := os.Remove(filepath.Join(s.ContainerDir(id), "state.json")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.State(id); !errs.Is(err, errs.Corrupt) {
		t.Errorf("a container without its state: %v", err)
	}
}
