package store

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// TestHoldOddRoot: what is held is known also below a folder whose name reads as a
// pattern of file names.
func TestHoldOddRoot(t *testing.T) {
	s := odd(t)
	letGo, err := s.HoldVolume("v1", nil)
	if err != nil {
		t.Fatal(err)
	}
	if held, err := s.VolumeHeld("v1"); err != nil || !held {
		t.Fatalf("a volume that somebody holds: held %v, %v", held, err)
	}
	for _, other := range []string{"v", "v11", "1"} {
		if held, err := s.VolumeHeld(other); err != nil || held {
			t.Fatalf("volume %s: held %v, %v", other, held, err)
		}
	}
	if err := letGo(); err != nil {
		t.Fatal(err)
	}
	if held, err := s.VolumeHeld("v1"); err != nil || held {
		t.Fatalf("a volume that was let go: held %v, %v", held, err)
	}
	if _, err := s.HoldVolume("v2", &record.Proc{Pid: os.Getpid(), Start: 1}); err != nil {
		t.Fatal(err)
	}
	stale, err := s.StaleHolds()
	if err != nil || len(stale) != 1 || stale[0].Volume != "v2" {
		t.Fatalf("holds of processes that have ended: %v, %v", stale, err)
	}
	if err := stale[0].Drop(); err != nil {
		t.Fatal(err)
	}
	if stale, err = s.StaleHolds(); err != nil || len(stale) != 0 {
		t.Fatalf("after it was dropped: %v, %v", stale, err)
	}
}

// odd is a store whose folders have names that read as patterns.
func odd(t *testing.T) *Store {
	dir := filepath.Join(t.TempDir(), `[ab]*?\`)
	s, err := Open(filepath.Join(dir, "root"), filepath.Join(dir, "run"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
