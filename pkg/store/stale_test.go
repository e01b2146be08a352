package store

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// What a killed command left half-written is found and removed; what is whole
// or not a temporary file stays.
func TestStale(t *testing.T) {
	s, err := Open(t.TempDir(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	id, half := strings.Repeat("a", 64), strings.Repeat("b", 64)
	if err := s.CreateContainer(&record.Container{ID: id}, &record.State{}); err != nil {
		t.Fatal(err)
	}
	left := []string{
		filepath.Join(s.ContainerDir(id), fsx.TempPrefix+"state.json-1"),
		filepath.Join(s.names(), fsx.TempPrefix+"web-1"),
		filepath.Join(s.networks(), fsx.TempPrefix+"n.json-1"),
	}
	for _, path := range left {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(s.stagedContainer(half), 0o700); err != nil {
		t.Fatal(err)
	}
	left = append(left, s.stagedContainer(half))
	slices.Sort(left)
	got, err := s.Stale(t.Context())
	slices.Sort(got)
	if err != nil || !slices.Equal(got, left) {
		t.Errorf("%q, %v", got, err)
	}
	if err := s.RemoveStale(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Stale(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("after their removal: %q, %v", got, err)
	}
	if _, err := s.Container(id); err != nil {
		t.Errorf("the container: %v", err)
	}
}
