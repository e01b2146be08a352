package store

import (
	"slices"
	"strings"
	"testing"
)

// The lock of work whose command was killed is stale; one that is held is not.
func TestStaleWork(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir+"/l", dir+"/r")
	if err != nil {
		t.Fatal(err)
	}
	dead, err := s.LockWork(t.Context(), "sha256:dead")
	if err != nil {
		t.Fatal(err)
	}
	dead.Unlock() // as the end of its process does
	held, err := s.LockWork(t.Context(), "sha256:held")
	if err != nil {
		t.Fatal(err)
	}
	found, err := s.Stale(t.Context())
	if err != nil || len(found) != 1 || !strings.HasSuffix(found[0], "/w-sha256:dead") {
		t.Errorf("%v, %v", found, err)
	}
	for range 2 {
		if err := s.RemoveStale(t.Context()); err != nil {
			t.Error(err)
		}
	}
	left, err := list(s.locks(), func(n string) bool { return strings.HasPrefix(n, "w-") })
	if err != nil || !slices.Equal(left, []string{"w-sha256:held"}) {
		t.Errorf("%v, %v", left, err)
	}
	held.Remove()
}
