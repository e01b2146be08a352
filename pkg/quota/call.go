package quota

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/mount"
)

// Commands of quotactl(2) and the type of quota that they are for here.
const (
	getQuota  = 0x800007   // Q_GETQUOTA
	setQuota  = 0x800008   // Q_SETQUOTA
	getStates = 'X'<<8 + 8 // Q_XGETQSTATV
	project   = 2          // PRJQUOTA
)

// call is quotactl(2) for projects on the filesystem that dir lies on.
func call(dir string, cmd, id uint32, arg unsafe.Pointer) error {
	if !hasFD() {
		return callDevice(dir, cmd, id, arg)
	}
	f, err := os.OpenFile(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, _, e := unix.Syscall6(unix.SYS_QUOTACTL_FD, f.Fd(), uintptr(cmd<<8|project), uintptr(id), uintptr(arg), 0, 0)
	return failed("quotactl_fd", e)
}

// hasFD reports whether the kernel has quotactl_fd (Linux 5.14): ENOSYS of the
// call itself may also be a filesystem's.
func hasFD() bool {
	_, _, e := unix.Syscall6(unix.SYS_QUOTACTL_FD, ^uintptr(0), project, 0, 0, 0, 0)
	return errors.Is(e, unix.EBADF)
}

// callDevice is call by the path of the filesystem's block device.
func callDevice(dir string, cmd, id uint32, arg unsafe.Pointer) error {
	m, err := mount.Holding(dir)
	if err != nil {
		return err
	}
	dev, err := unix.BytePtrFromString(m.Source)
	if err != nil {
		return err
	}
	_, _, e := unix.Syscall6(unix.SYS_QUOTACTL, uintptr(cmd<<8|project), uintptr(unsafe.Pointer(dev)), uintptr(id), uintptr(arg), 0, 0)
	return failed("quotactl "+m.Source, e)
}

func failed(call string, e unix.Errno) error {
	if e == 0 {
		return nil
	}
	return os.NewSyscallError(call, e)
}
