package vm

import (
	"errors"
	"os/exec"
	"path/filepath"
)

// copyLxcfs lays out this machine's lxcfs below the folder to, for a machine of the
// same Debian; where there is none its script is skipped.
func copyLxcfs(to string) error {
	if _, err := exec.LookPath("lxcfs"); err != nil {
		return nil
	}
	files := []string{"/usr/bin/lxcfs"}
	for _, pattern := range []string{"/usr/lib/*/lxcfs/liblxcfs.so", "/usr/lib/*/libfuse3.so.3*"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			return errors.Join(errors.New("no "+pattern+": apt-get install lxcfs"), err)
		}
		files = append(files, found...)
	}
	for _, f := range files {
		if err := do(exec.Command("install", "-D", f, filepath.Join(to, f))); err != nil {
			return err
		}
	}
	return nil
}
