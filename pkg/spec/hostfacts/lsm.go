package hostfacts

import (
	"os"

	"golang.org/x/sys/unix"
)

// appArmor reports whether AppArmor is in use: apparmor(7).
func appArmor() bool {
	on, err := os.ReadFile("/sys/module/apparmor/parameters/enabled")
	if err != nil || len(on) == 0 || on[0] != 'Y' {
		return false
	}
	_, err = os.Stat("/sys/kernel/security/apparmor")
	return err == nil
}

// seLinux reports whether SELinux is in use: its filesystem is mounted, selinux(8).
func seLinux() bool {
	var st unix.Statfs_t
	return unix.Statfs("/sys/fs/selinux", &st) == nil && st.Type == unix.SELINUX_MAGIC
}
