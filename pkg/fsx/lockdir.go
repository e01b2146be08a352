package fsx

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// LockDir takes an exclusive lock on a folder itself and waits for it: for
// changes that take microseconds. It makes no file, so nothing is left over.
func LockDir(dir string) (*Lock, error) {
	f, err := os.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	if err := flock(f, unix.LOCK_EX); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Lock{f}, nil
}
