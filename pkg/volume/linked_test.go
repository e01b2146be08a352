package volume

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// TestRemoveOfALink: a link that lies in the place of a volume goes, and nothing that it
// leads to: what is mounted there neither.
func TestRemoveOfALink(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	dir := t.TempDir()
	s, err := store.Open(dir+"/r", dir+"/u")
	must(t, err)
	elsewhere := filepath.Join(dir, "elsewhere")
	must(t, os.Mkdir(elsewhere, 0o755))
	must(t, mount.Mount{Type: "tmpfs", Source: "tmpfs", Options: []string{"mode=755"}}.At(elsewhere))
	t.Cleanup(func() { mount.UnmountBelow(elsewhere) })
	must(t, os.MkdirAll(filepath.Dir(s.VolumeDir("bad")), 0o755))
	for _, to := range []string{elsewhere, s.VolumeDir("bad"), filepath.Join(dir, "nowhere")} {
		must(t, os.Symlink(to, s.VolumeDir("bad")))
		if err := Open(s).Remove(t.Context(), "bad", true); err != nil {
			t.Errorf("a link to %s: %v", to, err)
			os.Remove(s.VolumeDir("bad"))
		}
		if _, err := os.Lstat(s.VolumeDir("bad")); err == nil {
			t.Errorf("a link to %s is there still", to)
		}
	}
	if there, err := mount.Mounted(elsewhere); err != nil || !there {
		t.Errorf("what is mounted where a link leads: %v, %v", there, err)
	}
}
