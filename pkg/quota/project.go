package quota

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// attributes is struct fsxattr of linux/fs.h.
type attributes struct {
	flags, extent, extents, project, cow uint32
	_                                    [8]byte
}

// Requests of ioctl_fsgetxattr(2), the same on every machine.
const (
	getAttributes = 0x801c581f // FS_IOC_FSGETXATTR
	setAttributes = 0x401c5820 // FS_IOC_FSSETXATTR
)

// inherit makes what is made in a folder part of its project, and its statfs
// that of the project (FS_XFLAG_PROJINHERIT).
const inherit = 0x200

// Of returns the project that dir gives to what is made in it; 0 when it gives
// none, and where there are no projects.
func Of(dir string) (uint32, error) {
	f, err := openDir(dir)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	a, err := get(f)
	if err != nil || a.flags&inherit == 0 {
		return 0, nil
	}
	return a.project, nil
}

// Like gives the empty folder to the project of the folder from, if that has
// one. Idempotent.
func Like(from, to string) error {
	id, err := Of(from)
	if err != nil || id == 0 {
		return err
	}
	f, err := openDir(to)
	if err != nil {
		return err
	}
	defer f.Close()
	return put(f, id, true)
}

func openDir(path string) (*os.File, error) {
	return os.OpenFile(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
}

// put makes the open file, with dir a folder, part of project id.
func put(f *os.File, id uint32, dir bool) error {
	a, err := get(f)
	if err != nil {
		return err
	}
	want := a
	want.project = id
	if dir {
		want.flags |= inherit
	}
	if want == a {
		return nil
	}
	return ioctl(f, setAttributes, &want)
}

func get(f *os.File) (a attributes, err error) {
	return a, ioctl(f, getAttributes, &a)
}

func ioctl(f *os.File, request uintptr, a *attributes) error {
	_, _, e := unix.Syscall(unix.SYS_IOCTL, f.Fd(), request, uintptr(unsafe.Pointer(a)))
	if e != 0 {
		return &os.PathError{Op: "project of", Path: f.Name(), Err: e}
	}
	return nil
}
