package fsx

import (
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// MoveDir gives the folder from the name to, in one durable step: after a power
// cut it has the old name or the new one. It fails with an error that is
// fs.ErrExist when there is something at to. Both names lie in one filesystem.
func MoveDir(from, to string) error {
	if err := SyncDir(from); err != nil {
		return err
	}
	if err := MoveVolatile(from, to); err != nil {
		return err
	}
	if a, b := filepath.Dir(from), filepath.Dir(to); a != b {
		if err := SyncDir(a); err != nil {
			return err
		}
	}
	return SyncDir(filepath.Dir(to))
}

// MoveVolatile gives from, a file of any sort, the name to without waiting for
// the disk, and never replaces what is there: that fails with fs.ErrExist.
func MoveVolatile(from, to string) error {
	if err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE); err != nil {
		return fmt.Errorf("move %s to %s: %w", from, to, err)
	}
	return nil
}
