package netdev

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Shared reports whether dir is a mount point, as ShareMounts makes it
// (statx(2), STATX_ATTR_MOUNT_ROOT).
func Shared(dir string) bool {
	var st unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, dir, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS, &st)
	return err == nil && st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0
}

// ShareMounts makes what is mounted in dir from now on appear in mount
// namespaces that were made before, also where the rest of the system shares no
// mounts (mount_namespaces(7)): a supervisor is older than its container's
// network namespace. The caller sees to it that nobody else does the same, and
// that Shared says no.
func ShareMounts(dir string) error {
	if err := unix.Mount(dir, dir, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("share mounts of %s: %w", dir, os.NewSyscallError("mount", err))
	}
	for _, how := range []uintptr{unix.MS_PRIVATE, unix.MS_SHARED} {
		if err := unix.Mount("", dir, "", how, ""); err != nil {
			return fmt.Errorf("share mounts of %s: %w", dir, os.NewSyscallError("mount", err))
		}
	}
	return nil
}
