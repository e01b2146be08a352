package container

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/store"
)

// TestClearEach: what could not be removed is not told as removed, the reason is told
// whatever comes after it, and the others are removed all the same.
func TestClearEach(t *testing.T) {
	s, err := store.Open(filepath.Join(t.TempDir(), "root"), filepath.Join(t.TempDir(), "run"))
	if err != nil {
		t.Fatal(err)
	}
	id := strings.Repeat("a", 64)
	if err := s.ClaimName("lost", id); err != nil {
		t.Fatal(err)
	}
	m := Open(s, filepath.Join(t.TempDir(), "nobody-listens.sock"))
	name := Leftover{nameKind, "lost", id, "it leads to no container"}
	found := []Leftover{
		{"lease", "pull-1", imageOwner, "the command that fetched an image died"},
		name,
		{"file", "/y", staleOwner, "the command that wrote it died"},
		{"bridge", "b0", "a network", "left to others"},
	}
	done, err := m.clearEach(t.Context(), found)
	if err == nil {
		t.Error("no word of containerd, which could not be asked")
	}
	if want := []Leftover{name, found[2]}; !slices.Equal(done, want) {
		t.Errorf("told as removed: %v, want %v", done, want)
	}
	if _, err := os.Lstat(filepath.Join(s.Root, "names", "lost")); err == nil {
		t.Error("the name is still there")
	}
}
