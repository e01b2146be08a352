package store

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// TestSettleCheckpoints: what commands that were killed leave. A complete draft gets
// its name, half a one goes, one at which somebody works stays.
func TestSettleCheckpoints(t *testing.T) {
	all := filepath.Join(t.TempDir(), "[ck]*") // a name that reads as a pattern
	if err := SettleCheckpoints(all); err != nil {
		t.Fatal(err)
	}
	draft := func(name string, complete bool) (dir string, lock *fsx.Lock) {
		t.Helper()
		dir, lock, _, err := DraftCheckpoint(all)
		if err != nil {
			t.Fatal(err)
		}
		if err := WriteCheckpoint(dir, &record.Checkpoint{Name: name}); err != nil {
			t.Fatal(err)
		}
		if complete {
			if err := CompleteCheckpoint(lock.File()); err != nil {
				t.Fatal(err)
			}
		}
		return dir, lock
	}
	for name, complete := range map[string]bool{"whole": true, "half": false, "../climbs": true} {
		_, lock := draft(name, complete)
		lock.Unlock()
	}
	busy, lock := draft("busy", true)
	defer lock.Unlock()
	if err := SettleCheckpoints(all); err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadDir(all)
	if err != nil || len(list) != 2 {
		t.Errorf("there are %v, %v", list, err)
	}
	for _, dir := range []string{busy, filepath.Join(all, "whole")} {
		if _, err := ReadCheckpoint(dir); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Lstat(filepath.Join(all, "..", "climbs")); err == nil {
		t.Error("a name left the folder")
	}

	// A name that is taken meanwhile keeps its checkpoint.
	_, again := draft("whole", true)
	again.Unlock()
	if err := SettleCheckpoints(all); err != nil {
		t.Error(err)
	}
}
