// Package libexec finds the programs that were built together with the running
// one: beside it (bin/), or in ../libexec/pouch of an installation.
package libexec

import (
	"os"
	"path/filepath"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Find returns the path of the program name of this build: containerd, runc,
// pouch-shim, pouch-image … It never looks in PATH: no program of unknown
// origin runs. The error has kind unavailable and says where it looked.
func Find(name string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	dir := filepath.Dir(self)
	tried := []string{
		filepath.Join(dir, name),
		filepath.Join(dir, "..", "libexec", "pouch", name),
		filepath.Join(dir, "..", "..", "bin", name),
	}
	for _, p := range tried {
		if st, err := os.Stat(p); err == nil && st.Mode().IsRegular() {
			return filepath.Clean(p), nil
		}
	}
	return "", errs.New(errs.Unavailable, "%s: not installed beside %s: run make install", name, self)
}
