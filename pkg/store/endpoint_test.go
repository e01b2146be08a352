package store

import (
	"context"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Plugins are asked one at a time for a container, and all at once for different
// ones, but not while they are told who there is.
func TestEndpointLocks(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir+"/l", dir+"/r")
	if err != nil {
		t.Fatal(err)
	}
	one, err := s.LockEndpoint(t.Context(), "one")
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.LockEndpoint(short, "one"); !errs.Is(err, errs.Unavailable) {
		t.Errorf("a second of the container: %v", err)
	}
	other, err := s.LockEndpoint(t.Context(), "other")
	if err != nil {
		t.Fatal(err)
	}
	other.Unlock()
	one.Unlock()

	a, err := s.ShareCNI()
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.ShareCNI()
	if err != nil {
		t.Fatal(err)
	}
	a.Unlock()
	short, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.LockCNI(short); !errs.Is(err, errs.Unavailable) {
		t.Errorf("while somebody joins: %v", err)
	}
	b.Unlock()
	all, err := s.LockCNI(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all.Unlock()
}
