package fsx

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// LockDirShared is LockDir that any number may hold at once, while nobody has
// the exclusive one.
func LockDirShared(dir string) (*Lock, error) {
	f, err := os.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	if err := flock(f, unix.LOCK_SH); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Lock{f}, nil
}
