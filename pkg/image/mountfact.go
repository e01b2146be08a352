package image

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// mountFact tells the mount at a folder from every other one of this boot: its
// number, and its root's device and inode (statx(2)). A number alone is used again.
func mountFact(folder string) (string, error) {
	var st unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, folder, unix.AT_NO_AUTOMOUNT, unix.STATX_INO|unix.STATX_MNT_ID, &st); err != nil {
		return "", fmt.Errorf("look at %s: %w", folder, err)
	}
	return fmt.Sprintf("%d-%d-%d-%d", st.Mnt_id, st.Dev_major, st.Dev_minor, st.Ino), nil
}
