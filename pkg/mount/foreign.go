package mount

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// From mounts at target the folder path of another mount namespace, whose file
// is ns. No part of path may be a symbolic link, and there must be a filesystem
// of the kind magic (statfs(2)): what is there may be hostile. Not idempotent.
func From(ns *os.File, path string, magic int64, target string) error {
	fd := -1
	err := within(ns, func() (err error) {
		fd, err = treeAt(path, magic)
		return err
	})
	if err != nil {
		return fmt.Errorf("open %s of another container: %w", path, err)
	}
	defer unix.Close(fd)
	return os.NewSyscallError("move_mount", unix.MoveMount(fd, "", unix.AT_FDCWD, target, unix.MOVE_MOUNT_F_EMPTY_PATH))
}

// treeAt returns a copy of the mount at path.
func treeAt(path string, magic int64) (int, error) {
	how := &unix.OpenHow{Flags: unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS}
	dir, err := unix.Openat2(unix.AT_FDCWD, path, how)
	if err != nil {
		return -1, os.NewSyscallError("openat2", err)
	}
	defer unix.Close(dir)
	var st unix.Statfs_t
	if err := unix.Fstatfs(dir, &st); err != nil {
		return -1, os.NewSyscallError("fstatfs", err)
	}
	if int64(st.Type) != magic { //nolint:unconvert // as wide as the architecture has it
		return -1, errs.New(errs.Conflict, "it is another filesystem now (type %#x)", st.Type)
	}
	fd, err := unix.OpenTree(dir, "", unix.AT_EMPTY_PATH|unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	return fd, os.NewSyscallError("open_tree", err)
}

// TreesOf takes dir, and of what is below it the names that are there, each as a
// tree of its own, out of another mount namespace, whose file is ns; "" names dir
// itself. No part of dir may be a symbolic link, and there must be a filesystem of
// the kind magic. The caller closes them.
func TreesOf(ns *os.File, dir string, names []string, magic int64) (map[string]Tree, error) {
	out := map[string]Tree{}
	err := within(ns, func() error {
		top, err := treeAt(dir, magic)
		if err != nil {
			return err
		}
		unix.Close(top)
		for _, n := range names {
			fd, err := unix.OpenTree(unix.AT_FDCWD, dir+"/"+n, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return &os.PathError{Op: "open_tree", Path: dir + "/" + n, Err: err}
			}
			out[n] = Tree{os.NewFile(uintptr(fd), n)}
		}
		return nil
	})
	if err != nil {
		for _, t := range out {
			t.Close()
		}
		return nil, err
	}
	return out, nil
}

// Confine takes from what is mounted with the tree the right to change it, and
// the meaning of its devices, setuid bits and programs. Idempotent.
func (t Tree) Confine() error {
	attr := &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV | unix.MOUNT_ATTR_NOEXEC}
	return os.NewSyscallError("mount_setattr", unix.MountSetattr(int(t.Fd()), "", unix.AT_EMPTY_PATH, attr))
}
