package fsx

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// StaleTemps lists the temporary files in dir, not below it, that a writer who
// was killed has left. A folder that is gone has none, nor has what is no folder.
func StaleTemps(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return nil, nil
	}
	var out []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if IsTemp(e.Name()) && e.Type().IsRegular() && abandoned(path) {
			out = append(out, path)
		}
	}
	return out, err
}

// abandoned reports whether nobody holds the lock of a file that is there.
func abandoned(path string) bool {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	return flock(f, unix.LOCK_SH|unix.LOCK_NB) == nil
}
