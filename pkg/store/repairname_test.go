package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestRepairName(t *testing.T) {
	s, err := Open(t.TempDir(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	id := strings.Repeat("a", 64)
	if err := s.CreateContainer(&record.Container{ID: id, Name: "web"}, &record.State{}); err != nil {
		t.Fatal(err)
	}
	for what, put := range map[string]func(string) error{
		"nothing":        func(string) error { return nil },
		"an empty file":  func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"another id":     func(path string) error { return os.WriteFile(path, []byte(strings.Repeat("b", 64)), 0o600) },
		"a large file":   func(path string) error { return os.WriteFile(path, make([]byte, 999), 0o600) },
		"a folder":       func(path string) error { return os.MkdirAll(filepath.Join(path, "x"), 0o700) },
		"a link":         func(path string) error { return os.Symlink("/etc/passwd", path) },
		"its id already": func(path string) error { return os.WriteFile(path, []byte(id), 0o600) },
	} {
		for _, name := range []string{"web", "nobodys"} {
			path := filepath.Join(s.names(), name)
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
			if name == "nobodys" && what == "its id already" {
				continue
			}
			if err := put(path); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Names(); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if err := s.RepairName(t.Context(), name); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		if got, err := s.Names(); err != nil || len(got) != 1 || got["web"] != id {
			t.Errorf("%s: %v, %v", what, got, err)
		}
	}
	if _, err := os.Stat("/etc/passwd"); err != nil {
		t.Fatal(err)
	}
}
