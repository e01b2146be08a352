package fsx

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A lock works whatever lay in the place of its file, and never on what a link
// leads to.
func TestLockInTheWay(t *testing.T) {
	victim := filepath.Join(t.TempDir(), "victim")
	for what, put := range map[string]func(string) error{
		"nothing": func(string) error { return nil },
		"garbage": func(path string) error { return os.WriteFile(path, []byte("x"), 0o000) },
		"link":    func(path string) error { return os.Symlink(victim, path) },
		"folder":  func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		path := filepath.Join(t.TempDir(), "l")
		if err := put(path); err != nil {
			t.Fatal(err)
		}
		l, err := TryLock(path)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if _, err := TryLock(path); !errors.Is(err, ErrLocked) {
			t.Errorf("%s: a second lock: %v", what, err)
		}
		l.Unlock()
	}
	if _, err := os.Lstat(victim); err == nil {
		t.Error("a link was followed")
	}
}
