package mount

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"

	pathrs "github.com/cyphar/filepath-securejoin/pathrs-lite"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
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

// MakeTarget makes the mount point path inside root, a folder, or an empty
// file when file is set, with its parents, and returns an O_PATH handle of it;
// HandlePath of that is what to mount on. What exists is left as it is.
// Idempotent. It fails with kind invalid when something of the other sort is
// there.
func MakeTarget(root *os.File, where string, file bool) (*os.File, error) {
	h, err := OpenInRoot(root, where)
	if errors.Is(err, fs.ErrNotExist) {
		h, err = create(root, where, file)
	}
	if err != nil {
		return nil, fmt.Errorf("make the mount point %s: %w", where, err)
	}
	st, err := h.Stat()
	if err == nil && st.IsDir() == file {
		err = errs.New(errs.Invalid, "mount point %s: is a %s, the source is not", where, kindOf(st.IsDir()))
	}
	if err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

func kindOf(dir bool) string {
	if dir {
		return "folder"
	}
	return "file"
}

func create(root *os.File, where string, file bool) (*os.File, error) {
	if !file {
		return pathrs.MkdirAllHandle(root, where, 0o755)
	}
	dir, name := path.Split(path.Clean("/" + where))
	parent, err := pathrs.MkdirAllHandle(root, dir, 0o755)
	if err != nil {
		return nil, err
	}
	defer parent.Close()
	fd, err := unix.Openat(int(parent.Fd()), name, unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o644)
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, err
	}
	if err == nil {
		unix.Close(fd)
	}
	return OpenInRoot(root, where)
}

// HandlePath is a path that means exactly the file of an open handle, for
// system calls that take a path. It is good as long as the handle is open.
func HandlePath(handle *os.File) string {
	return "/proc/self/fd/" + strconv.Itoa(int(handle.Fd()))
}
