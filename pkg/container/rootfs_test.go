package container

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

func TestCheckRootfs(t *testing.T) {
	w := newWorld(t)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir+"/root", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("root", dir+"/link"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for in, want := range map[string]string{"root": dir + "/root", dir + "/link": dir + "/root", "./root:O": dir + "/root:O", "/:O": "/:O"} {
		if got, err := w.checkRootfs(in); got != want || err != nil {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
	for _, bad := range []string{"file", "nosuch", "/", w.Store.Root, filepath.Dir(w.Store.Root)} {
		if got, err := w.checkRootfs(bad); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %s, %v", bad, got, err)
		}
	}
}
