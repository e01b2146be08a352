package fsx

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestWriteWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	failed := errors.New("half-way")
	err := WriteWhole(path, func(w io.Writer) error {
		io.WriteString(w, "half")
		return failed
	})
	if b, _ := os.ReadFile(path); !errors.Is(err, failed) || string(b) != "old" {
		t.Errorf("%v, %q", err, b)
	}
	err = WriteWhole(path, func(w io.Writer) error { _, err := io.WriteString(w, "new"); return err })
	if b, _ := os.ReadFile(path); err != nil || string(b) != "new" {
		t.Errorf("%v, %q", err, b)
	}
	if err := WriteWhole("/dev/null", func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err }); err != nil {
		t.Error(err)
	}
	if names, err := os.ReadDir(filepath.Dir(path)); err != nil || len(names) != 1 {
		t.Errorf("%v, %v", names, err)
	}
}
