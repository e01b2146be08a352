package fsx

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	for _, text := range []string{"old", "newer"} {
		if err := WriteFile(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("%q, %v", got, err)
		}
	}
	if st, err := os.Stat(path); err != nil || st.Mode() != 0o640 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"f"}) {
		t.Errorf("left: %q", got)
	}
}

// Of many who make a file one wins, and its content is whole.
func TestCreateExclusive(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	var wg sync.WaitGroup
	won := make(chan string, 50)
	for i := range 50 {
		wg.Go(func() {
			text := string(rune('A' + i))
			switch err := CreateExclusiveVolatile(path, []byte(text), 0o600); {
			case err == nil:
				won <- text
			case !errors.Is(err, fs.ErrExist):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	close(won)
	if len(won) != 1 {
		t.Fatalf("%d have made it", len(won))
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != <-won {
		t.Errorf("%q, %v", got, err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"f"}) {
		t.Errorf("left: %q", got)
	}
}

// A temporary file is a leftover as soon as its writer is gone, not before.
func TestStaleTemps(t *testing.T) {
	dir := t.TempDir()
	d, err := newDraft(filepath.Join(dir, "f"))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.nameTemp(); err != nil {
		t.Fatal(err)
	}
	tmp := d.name
	if got, err := StaleTemps(dir); err != nil || len(got) != 0 {
		t.Errorf("while it is written: %q, %v", got, err)
	}
	d.f.Close()
	if got, err := StaleTemps(dir); err != nil || !slices.Equal(got, []string{tmp}) {
		t.Errorf("afterwards: %q, %v", got, err)
	}
	if got, err := StaleTemps(filepath.Join(dir, "none")); err != nil || len(got) != 0 {
		t.Errorf("%q, %v", got, err)
	}
}

func BenchmarkReplace(b *testing.B) {
	path := filepath.Join(b.TempDir(), "f")
	for b.Loop() {
		if err := WriteVolatile(path, []byte("text"), 0o600); err != nil {
			b.Fatal(err)
		}
	}
}

// TestNoFileForADevice: /dev/null stays what it is.
func TestNoFileForADevice(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteVolatile(pipe, []byte("x"), 0o600); err == nil {
		t.Error("a pipe was replaced")
	}
	if st, err := os.Lstat(pipe); err != nil || st.Mode().Type() != os.ModeNamedPipe {
		t.Errorf("%v, %v", st, err)
	}
}
