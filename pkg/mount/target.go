package mount

import (
	"os"

	pathrs "github.com/cyphar/filepath-securejoin/pathrs-lite"
)

// OpenInRoot opens path inside root without ever leaving it: symbolic links,
// absolute ones too, and ".." are resolved as if root were "/" (openat2(2)
// RESOLVE_IN_ROOT, with a walk of the same meaning on older kernels). The
// result is an O_PATH handle; Reopen gives one to read.
func OpenInRoot(root *os.File, path string) (*os.File, error) {
	return pathrs.OpenatInRoot(root, path)
}

// Reopen opens the file of an O_PATH handle again with flags as for open(2),
// without a path: nobody can swap it meanwhile.
func Reopen(handle *os.File, flags int) (*os.File, error) {
	return pathrs.Reopen(handle, flags)
}

// MkdirAllInRoot makes the folders of path that are missing, and returns an
// O_PATH handle of the last; path is resolved as by OpenInRoot. Idempotent.
func MkdirAllInRoot(root *os.File, path string, mode os.FileMode) (*os.File, error) {
	return pathrs.MkdirAllHandle(root, path, mode)
}
