package fsx

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestPrefixed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), `odd [ab]*?\`)
	if got, err := Prefixed(dir, "a"); err != nil || len(got) != 0 {
		t.Fatalf("a folder that is not there: %q, %v", got, err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a-2", "a-1", "b-1"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{filepath.Join(dir, "a-1"), filepath.Join(dir, "a-2")}
	if got, err := Prefixed(dir, "a-"); err != nil || !slices.Equal(got, want) {
		t.Fatalf("got %q, %v, want %q", got, err, want)
	}
	if _, err := Prefixed(filepath.Join(dir, "a-1"), ""); err == nil {
		t.Fatal("a file has entries")
	}
}
