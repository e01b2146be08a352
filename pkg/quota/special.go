package quota

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Numbers of file_getattr and file_setattr, the same on every machine.
const (
	sysFileGetattr = 468
	sysFileSetattr = 469
)

// fileAttributes is struct file_attr of linux/fs.h.
type fileAttributes struct {
	flags                         uint64
	extent, extents, project, cow uint32
}

// AssignsAll reports whether the kernel lets Assign do symbolic links and special
// files, too. One that it leaves cannot be renamed or linked inside its folder
// (EXDEV), and no overlay can replace it.
func AssignsAll() bool {
	var a fileAttributes
	var empty byte
	_, _, e := unix.Syscall6(sysFileGetattr, ^uintptr(0), uintptr(unsafe.Pointer(&empty)), uintptr(unsafe.Pointer(&a)), unsafe.Sizeof(a), unix.AT_EMPTY_PATH, 0)
	return !errors.Is(e, unix.ENOSYS)
}

// putSpecial makes what d has under the name, a symbolic link or a special file,
// part of project id, if the kernel can: they cannot be opened for an ioctl, and
// file_setattr is of Linux 6.17. A link is not followed.
func putSpecial(d *os.File, name string, id uint32) error {
	var a fileAttributes
	err := attr(d, name, sysFileGetattr, &a)
	if err == nil && a.project != id {
		a.project = id
		err = attr(d, name, sysFileSetattr, &a)
	}
	for _, cannot := range []error{unix.ENOSYS, unix.EOPNOTSUPP, unix.ENOTTY, unix.EPERM} {
		if errors.Is(err, cannot) {
			return nil
		}
	}
	return err
}

func attr(d *os.File, name string, call uintptr, a *fileAttributes) error {
	p, err := unix.BytePtrFromString(name)
	if err != nil {
		return err
	}
	_, _, e := unix.Syscall6(call, d.Fd(), uintptr(unsafe.Pointer(p)), uintptr(unsafe.Pointer(a)), unsafe.Sizeof(*a), unix.AT_SYMLINK_NOFOLLOW, 0)
	if e != 0 {
		return &os.PathError{Op: "project of", Path: d.Name() + "/" + name, Err: e}
	}
	return nil
}
