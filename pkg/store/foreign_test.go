package store

import (
	"errors"
	"os"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Who could write to a root could have anything done: folders that another user made
// before, where every user may, are not used.
func TestForeignRootsAreRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	for what, c := range map[string]struct {
		owner int
		mode  os.FileMode
		kind  errs.Kind
	}{
		"own":               {0, 0o711, ""},
		"own, open to read": {0, 0o755, ""},
		"another's":         {65534, 0o711, errs.Denied},
		"everybody's":       {0, 0o777, errs.Denied},
		"everybody's tmp":   {0, 0o777 | os.ModeSticky, errs.Denied},
	} {
		for i, name := range []string{"root", "run-root"} {
			dirs := []string{t.TempDir(), t.TempDir()}
			if err := errors.Join(os.Chmod(dirs[i], c.mode), os.Chown(dirs[i], c.owner, 0)); err != nil {
				t.Fatal(err)
			}
			_, err := Open(dirs[0], dirs[1])
			if c.kind == "" && err != nil || c.kind != "" && !errs.Is(err, c.kind) {
				t.Errorf("%s as %s: %v", what, name, err)
			}
		}
	}
}
