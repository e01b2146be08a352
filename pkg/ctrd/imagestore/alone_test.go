package imagestore

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A layer unpacked alone stays as it is unless a folder that it has no entry for is
// below, and has another mode there than one that nobody described.
func TestAlone(t *testing.T) {
	for name, c := range map[string]struct {
		path    string // of the folder in the layer below
		mode    os.FileMode
		link    bool // a symbolic link in its place
		entry   bool // the layer has an entry for it
		want    bool
		another string // folder of the layer
	}{
		"plain below":      {path: "d", mode: 0o755, want: true},
		"private below":    {path: "d", mode: 0o700},
		"sticky below":     {path: "d", mode: 0o777 | os.ModeSticky},
		"entry of its own": {path: "d", mode: 0o700, entry: true, want: true},
		"not below":        {path: "d", mode: 0o700, another: "e", want: true},
		"a link below":     {path: "d", link: true},
		"nested, private":  {path: "d/e", mode: 0o700},
	} {
		t.Run(name, func(t *testing.T) {
			low, own := t.TempDir(), t.TempDir()
			make1 := func(root, path string, mode os.FileMode) {
				full := filepath.Join(root, path)
				if err := os.MkdirAll(full, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(full, mode); err != nil {
					t.Fatal(err)
				}
			}
			if c.link {
				if err := os.Symlink("elsewhere", filepath.Join(low, c.path)); err != nil {
					t.Fatal(err)
				}
			} else {
				make1(low, c.path, c.mode)
			}
			path := c.path
			if c.another != "" {
				path = c.another
			}
			make1(own, path, 0o755)
			if c.entry {
				old := time.Now().Add(-time.Hour)
				if err := os.Chtimes(filepath.Join(own, path), old, old); err != nil {
					t.Fatal(err)
				}
			}
			s := &staged{folder: own, base: []string{t.TempDir(), low}, begun: time.Now()}
			if os.Geteuid() == 0 {
				if got := s.alone(); got != c.want {
					t.Errorf("alone: %v, want %v", got, c.want)
				}
				return
			}
			t.Skip("needs root: folders belong to it")
		})
	}
}
