package supervisor

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// again marks a supervisor that has started itself anew in a mount namespace of
// its own.
const again = "POUCH_SHIM_AGAIN"

// ownMounts makes sure that this process has a mount namespace of its own, so
// that a container's root vanishes with its supervisor whatever happens. The
// parent makes it with CLONE_NEWNS (clone(2)); where it did not, this thread
// leaves the old one and the program starts itself anew: only a process of one
// thread has one namespace for sure.
func ownMounts() error {
	mine, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil {
		return err
	}
	theirs, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", os.Getppid()))
	if err != nil || mine != theirs || os.Getenv(again) != "" {
		return nil //nolint:nilerr // the parent is gone already, or the namespace is our own
	}
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("make a mount namespace: %w", err)
	}
	return unix.Exec("/proc/self/exe", os.Args, append(os.Environ(), again+"=1"))
}

// slaveMounts stops what is mounted here from reaching the host; what the host
// mounts still comes here.
func slaveMounts() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return fmt.Errorf("make mounts private to the supervisor: %w", err)
	}
	return nil
}
