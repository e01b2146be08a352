package mount

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// maxStacked bounds how many mounts at one path UnmountAll takes away.
const maxStacked = 4096

// UnmountAll takes every mount at target away, those stacked on each other
// too, lazily: what still uses one keeps it until it lets go. Idempotent; a
// target that does not exist or is no mount point is fine.
func UnmountAll(target string) error {
	for range maxStacked {
		err := detach(target)
		if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("unmount %s: %w", target, err)
		}
	}
	return fmt.Errorf("unmount %s: more than %d mounts lie on each other", target, maxStacked)
}

// UnmountBelow takes away every mount at prefix and below it, the deepest
// first. Idempotent.
func UnmountBelow(prefix string) error {
	points, err := Below(prefix)
	if err != nil {
		return err
	}
	var all []error
	for _, p := range points {
		all = append(all, UnmountAll(p.Target))
	}
	return errors.Join(all...)
}

// detach undoes the topmost mount at target, never through a symbolic link.
func detach(target string) error {
	for {
		err := unix.Unmount(target, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
