package fsx

import (
	"errors"
	"io/fs"
	"os"
	"testing"
)

func TestMoveDir(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{"a", "b", "other"} {
		if err := os.Mkdir(dir+"/"+d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// An empty folder is not replaced either, as rename(2) would.
	if err := MoveDir(dir+"/a", dir+"/b"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("onto a folder: %v", err)
	}
	if err := MoveDir(dir+"/a", dir+"/other/c"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir + "/other/c"); err != nil {
		t.Error(err)
	}
	if err := MoveDir(dir+"/a", dir+"/d"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of nothing: %v", err)
	}
}

func TestMoveVolatileNeverReplaces(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []string{"a", "b"} {
		if err := os.WriteFile(dir+"/"+f, []byte(f), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := MoveVolatile(dir+"/a", dir+"/b"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("onto a file: %v", err)
	}
	if got, _ := os.ReadFile(dir + "/b"); string(got) != "b" {
		t.Errorf("b has %q", got)
	}
}
