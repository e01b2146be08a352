package supervisor

import (
	"os"
	"path/filepath"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// reachable gives the bundle to the group of the container's root, who finds its
// way to the mounted root through it, and fails when a folder above keeps that
// group out: it is nobody there.
func reachable(bundle string, h record.Host) error {
	gid, _ := spec.ToHost(h.GIDMap, 0)
	if err := os.Chown(bundle, -1, int(gid)); err != nil {
		return err
	}
	if err := os.Chmod(bundle, 0o710); err != nil {
		return err
	}
	for dir := filepath.Dir(bundle); dir != "/"; dir = filepath.Dir(dir) {
		st, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if st.Mode()&1 == 0 {
			return errs.New(errs.Denied, "a container with a user namespace cannot reach its root below %s: chmod o+x %s, or use another --run-root", dir, dir)
		}
	}
	return nil
}
