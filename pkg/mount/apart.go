package mount

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Apart calls do on a thread that has a mount namespace of its own, from which
// no mount reaches another (mount_namespaces(7)). What do mounts is seen by its
// thread alone, so by do and not by goroutines that it starts, and is gone when
// do returns or the process dies, however it dies. Descriptors that do opens
// keep what they are of; what is mounted below that is gone.
func Apart(do func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with its namespace
		err := unshareMounts()
		if err == nil {
			err = do()
		}
		done <- err
	}()
	return <-done
}

// unshareMounts gives the calling thread its namespace. A thread shares the
// working folder with the others until it says otherwise, and may have no
// namespace of its own as long as it does (unshare(2)).
func unshareMounts() error {
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("make a mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	return nil
}

// Bare returns the filesystem that process pid has as its root, without what is
// mounted below it: every mount point is what it covers (open_tree(2)). It
// fails with an error that is fs.ErrNotExist or ESRCH when there is no such process.
func Bare(pid int) (*os.File, error) {
	ns, err := os.Open(fmt.Sprintf("/proc/%d/ns/mnt", pid))
	if err != nil {
		return nil, err
	}
	defer ns.Close()
	root, err := os.OpenFile(fmt.Sprintf("/proc/%d/root", pid), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var fd int
	err = within(ns, func() error {
		var err error
		fd, err = unix.OpenTree(int(root.Fd()), "", unix.AT_EMPTY_PATH|unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
		return os.NewSyscallError("open_tree", err)
	})
	if err != nil {
		return nil, fmt.Errorf("root of process %d: %w", pid, err)
	}
	return os.NewFile(uintptr(fd), "/"), nil
}

// within calls do on a thread in mount namespace ns. It must do nothing but
// system calls on descriptors: every path is one of that namespace.
func within(ns *os.File, do func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends where it is
		err := unix.Unshare(unix.CLONE_FS)
		if err == nil {
			err = os.NewSyscallError("setns", unix.Setns(int(ns.Fd()), unix.CLONE_NEWNS))
		}
		if err == nil {
			err = do()
		}
		done <- err
	}()
	return <-done
}

// Tree is a mount, or a folder of one, that is mounted nowhere yet.
type Tree struct{ *os.File }

// OpenTree takes what is at path, with recursive all that is mounted below it,
// to be mounted elsewhere; with readonly nothing of it can be changed there.
func OpenTree(path string, recursive, readonly bool) (Tree, error) {
	flags, at := uint(unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC), uint(unix.AT_EMPTY_PATH)
	if recursive {
		flags, at = flags|unix.AT_RECURSIVE, at|unix.AT_RECURSIVE
	}
	fd, err := unix.OpenTree(unix.AT_FDCWD, path, flags)
	if err != nil {
		return Tree{}, &os.PathError{Op: "open_tree", Path: path, Err: err}
	}
	t := Tree{os.NewFile(uintptr(fd), path)}
	if !readonly {
		return t, nil
	}
	attr := &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
	if err := unix.MountSetattr(fd, "", at, attr); err != nil {
		t.Close()
		return Tree{}, &os.PathError{Op: "mount_setattr", Path: path, Err: err}
	}
	return t, nil
}

// TreeOf takes what the O_PATH handle h is of, with all that is mounted below it,
// to be mounted elsewhere.
func TreeOf(h *os.File) (Tree, error) {
	fd, err := unix.OpenTree(int(h.Fd()), "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE|unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return Tree{}, &os.PathError{Op: "open_tree", Path: h.Name(), Err: err}
	}
	return Tree{os.NewFile(uintptr(fd), h.Name())}, nil
}

// On mounts the tree on what the O_PATH handle target is of: no path is looked
// up, so none can be swapped.
func (t Tree) On(target *os.File) error { return t.OnFd(int(target.Fd())) }

// OnFd is On for a descriptor.
func (t Tree) OnFd(target int) error {
	const both = unix.MOVE_MOUNT_F_EMPTY_PATH | unix.MOVE_MOUNT_T_EMPTY_PATH
	return os.NewSyscallError("move_mount", unix.MoveMount(int(t.Fd()), "", target, "", both))
}

// ReadOnly makes the mount at target read-only, and no other that shows the same
// files. Idempotent.
func ReadOnly(target string) error {
	attr := &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
	if err := unix.MountSetattr(unix.AT_FDCWD, target, 0, attr); err != nil {
		return &os.PathError{Op: "mount_setattr", Path: target, Err: err}
	}
	return nil
}
