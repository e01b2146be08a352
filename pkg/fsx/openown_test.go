package fsx

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// What is no file in the place of one goes, unfollowed and unwaited for; a folder with
// something in it stays.
func TestOpenOwn(t *testing.T) {
	victim := filepath.Join(t.TempDir(), "victim")
	for what, put := range map[string]func(string) error{
		"nothing":  func(string) error { return nil },
		"a file":   func(path string) error { return os.WriteFile(path, []byte("old"), 0o600) },
		"a folder": func(path string) error { return os.Mkdir(path, 0o700) },
		"a fifo":   func(path string) error { return unix.Mkfifo(path, 0o600) },
		"a device": func(path string) error { return os.Symlink("/dev/zero", path) },
		"a circle": func(path string) error { return os.Symlink(path, path) },
		"a link":   func(path string) error { return os.Symlink(victim, path) },
	} {
		path := filepath.Join(t.TempDir(), "f")
		if err := errors.Join(os.WriteFile(victim, []byte("whole"), 0o600), put(path)); err != nil {
			t.Fatal(err)
		}
		f, err := OpenOwn(path, os.O_TRUNC)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if _, err := f.WriteString("new"); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		f.Close()
		if text, err := ReadAtMost(path, 10); err != nil || string(text) != "new" {
			t.Errorf("%s: %q, %v", what, text, err)
		}
		if text, err := os.ReadFile(victim); err != nil || string(text) != "whole" {
			t.Errorf("%s: what a link leads to is %q, %v", what, text, err)
		}
	}
}

func TestOpenOwnKeepsAFullFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	other := filepath.Join(path, "other")
	if err := errors.Join(os.Mkdir(path, 0o700), os.WriteFile(other, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if f, err := OpenOwn(path, 0); err == nil {
		f.Close()
		t.Error("a folder was opened as a file")
	} else if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(other); err != nil {
		t.Error(err)
	}
}

// What is to be made durable is not waited for when it is a fifo.
func TestSyncOfAFifo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := SyncAll(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a fifo that is to be durable: %v", err)
	}
}
