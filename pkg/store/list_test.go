package store

import (
	"os"
	"path/filepath"
	"testing"
)

// A folder that another command removes while it is listed has nothing in it.
func TestListRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "leases")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	d, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if names, err := listed(d, func(string) bool { return true }); err != nil || len(names) > 0 {
		t.Errorf("%v, %v", names, err)
	}
}
