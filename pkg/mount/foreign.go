package mount

import (
	"fmt"
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
	if int64(st.Type) != magic {
		return -1, errs.New(errs.Conflict, "it is another filesystem now (type %#x)", st.Type)
	}
	fd, err := unix.OpenTree(dir, "", unix.AT_EMPTY_PATH|unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	return fd, os.NewSyscallError("open_tree", err)
}
