package netdev

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// NewNetns makes a network namespace with its loopback up, keeps it by a mount
// at path, and returns its inode number. What was at path before is replaced.
// A crash at any moment leaves nothing but path, which RemoveNetns removes.
func NewNetns(path string) (uint64, error) {
	if err := RemoveNetns(path); err != nil {
		return 0, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDONLY, 0o444)
	if err != nil {
		return 0, fmt.Errorf("make network namespace: %w", err)
	}
	f.Close()
	if err := onThread(func() error { return unshareTo(path) }); err != nil {
		return 0, errors.Join(fmt.Errorf("make network namespace %s: %w", path, err), RemoveNetns(path))
	}
	return NetnsInode(path)
}

// KeepNetns keeps the network namespace ns, which somebody else has made, by a
// mount at path, with its loopback up. Else it is NewNetns.
func KeepNetns(path, ns string) error {
	if err := RemoveNetns(path); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDONLY, 0o444)
	if err != nil {
		return fmt.Errorf("keep network namespace: %w", err)
	}
	f.Close()
	err = os.NewSyscallError("mount", unix.Mount(ns, path, "", unix.MS_BIND, ""))
	if err == nil {
		err = upLoopback(path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("keep network namespace %s: %w", path, err), RemoveNetns(path))
	}
	return nil
}

func upLoopback(path string) error {
	ns, _, err := openNetns(path)
	if err != nil {
		return err
	}
	defer ns.Close()
	return within(ns, func() error { return setUp("lo") })
}

func unshareTo(path string) error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return os.NewSyscallError("unshare", err)
	}
	newLinksWithoutIPv6()
	if err := setUp("lo"); err != nil {
		return fmt.Errorf("set lo up: %w", err)
	}
	return os.NewSyscallError("mount", unix.Mount(ownNetns, path, "", unix.MS_BIND, ""))
}

// RemoveNetns undoes NewNetns: the namespace ends with its last process.
// Idempotent.
func RemoveNetns(path string) error {
	for { // mounts may lie upon each other after a crash
		err := unix.Unmount(path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
		if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT) {
			break
		}
		if err != nil {
			return &fs.PathError{Op: "unmount", Path: path, Err: err}
		}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// NetnsInode returns the inode number of the network namespace at path, which
// tells it from every other one that lives. A path that is none gives kind
// not_found.
func NetnsInode(path string) (uint64, error) {
	ns, ino, err := openNetns(path)
	if err != nil {
		return 0, err
	}
	ns.Close()
	return ino, nil
}

// openNetns opens the network namespace at path; see ioctl_nsfs(2).
func openNetns(path string) (*os.File, uint64, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, errs.New(errs.NotFound, "network namespace %s: not there", path)
	}
	if err != nil {
		return nil, 0, err
	}
	kind, err := unix.IoctlRetInt(int(f.Fd()), unix.NS_GET_NSTYPE)
	if err != nil || kind != unix.CLONE_NEWNET {
		f.Close()
		return nil, 0, errs.New(errs.NotFound, "%s: not a network namespace", path)
	}
	st := unix.Stat_t{}
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, st.Ino, nil
}

// setUp sets a link of this thread's namespace up; see netdevice(7).
func setUp(name string) error {
	return ifreq(name, func(fd int, r *unix.Ifreq) error {
		if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, r); err != nil {
			return err
		}
		r.SetUint16(r.Uint16() | unix.IFF_UP)
		return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, r)
	})
}

// linkIndex returns the index of a link of this thread's namespace.
func linkIndex(name string) (index int, err error) {
	err = ifreq(name, func(fd int, r *unix.Ifreq) error {
		if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, r); err != nil {
			return err
		}
		index = int(r.Uint32())
		return nil
	})
	return index, err
}

func ifreq(name string, do func(int, *unix.Ifreq) error) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	r, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	return do(fd, r)
}
