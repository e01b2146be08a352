package main

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// volatile are the folders below the bench's own in which peers keep what ends
// with the boot.
var volatile = []string{"runc/state", "crun/state", "exec/state", "podman/run", "podman/tmp"}

// onTmpfs mounts a tmpfs on each of them, for that is what /run is where people
// have these programs; the harness does so for Pouch's. The returned function
// takes them away.
func onTmpfs(dir string) (undo func() error, err error) {
	undo = func() error {
		var all error
		for _, d := range volatile {
			if err := unix.Unmount(filepath.Join(dir, d), unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
				all = errors.Join(all, err)
			}
		}
		return all
	}
	for _, d := range volatile {
		path := filepath.Join(dir, d)
		if err := os.MkdirAll(path, 0o755); err != nil {
			return undo, errors.Join(err, undo())
		}
		if err := unix.Mount("tmpfs", path, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
			return undo, errors.Join(err, undo())
		}
	}
	return undo, nil
}
