package cgroup

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

// Prune removes those of the group's folders that hold nothing: neither a
// process nor a group (rmdir(2) decides, so nothing in use is touched). Idempotent.
func (g *Group) Prune() error {
	for _, d := range g.dirs {
		switch err := unix.Rmdir(d.path); {
		case err == nil, errors.Is(err, unix.ENOENT), errors.Is(err, unix.EBUSY), errors.Is(err, unix.ENOTEMPTY), errors.Is(err, unix.EROFS):
		default:
			return &fs.PathError{Op: "rmdir", Path: d.path, Err: err}
		}
	}
	return nil
}
