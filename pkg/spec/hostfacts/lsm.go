package hostfacts

import (
	"os"

	"golang.org/x/sys/unix"
)

// appArmor reports whether AppArmor is in use: apparmor(7). A host without the
// program that loads profiles does not use it, though its kernel could.
func appArmor() bool {
	on, err := os.ReadFile("/sys/module/apparmor/parameters/enabled")
	if err != nil || len(on) == 0 || on[0] != 'Y' {
		return false
	}
	for _, p := range []string{"/sys/kernel/security/apparmor", "/sbin/apparmor_parser"} {
		if _, err := os.Stat(p); err != nil {
			return false
		}
	}
	return true
}

// seLinux reports whether SELinux is in use: its filesystem is mounted, selinux(8).
func seLinux() bool {
	var st unix.Statfs_t
	return unix.Statfs("/sys/fs/selinux", &st) == nil && st.Type == unix.SELINUX_MAGIC
}
