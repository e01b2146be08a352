package quota

import (
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// Bound calls do as one whom limits bind: who has CAP_SYS_RESOURCE may exceed
// those of ext4 (capabilities(7)). Goroutines that do starts are not bound.
func Bound(do func() error) (err error) {
	runtime.LockOSThread()
	h := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var had [2]unix.CapUserData
	if err := unix.Capget(&h, &had[0]); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("capget: %w", err)
	}
	less := had
	less[0].Effective &^= 1 << unix.CAP_SYS_RESOURCE
	if err := unix.Capset(&h, &less[0]); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("capset: %w", err)
	}
	defer func() {
		if e := unix.Capset(&h, &had[0]); e != nil {
			err = errors.Join(err, fmt.Errorf("capset: %w", e))
			return // the thread ends with what it lacks
		}
		runtime.UnlockOSThread()
	}()
	return do()
}
