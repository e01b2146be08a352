package archive

import (
	"errors"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
)

// child opens name, a single one, in the open folder dir: an O_PATH handle of
// what it is, a symbolic link itself.
func child(dir *os.File, name string) (*os.File, error) {
	fd, err := unix.Openat(int(dir.Fd()), name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// reopen opens what a handle is of with other flags. It was looked at before:
// nothing is opened that would act on being opened.
func reopen(h *os.File, flags int) (*os.File, error) {
	fd, err := unix.Open(fdPath(h), flags|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), h.Name()), nil
}

func fdPath(f *os.File) string { return "/proc/self/fd/" + strconv.Itoa(int(f.Fd())) }

func stat(h *os.File) (st unix.Stat_t, err error) {
	return st, unix.Fstat(int(h.Fd()), &st)
}

func isDir(st *unix.Stat_t) bool  { return st.Mode&unix.S_IFMT == unix.S_IFDIR }
func isLink(st *unix.Stat_t) bool { return st.Mode&unix.S_IFMT == unix.S_IFLNK }

func readlink(h *os.File) (string, error) {
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(int(h.Fd()), "", buf)
	if err != nil {
		return "", err
	}
	return string(buf[:n]), nil
}

// maxLinks is how many symbolic links a path may lead through, the kernel's own
// limit (path_resolution(7)).
const maxLinks = 40

// located is what a path leads to: the folder that it lies in, as an absolute
// path that may have links and "..", its name there, and what is there.
type located struct {
	dir, name string
	handle    *os.File // nil: nothing
	st        unix.Stat_t
}

func (l *located) close() {
	if l.handle != nil {
		l.handle.Close()
	}
}

// path is where it lies.
func (l *located) path() string { return l.dir + "/" + l.name }

// locate finds what path, in t, is of; with follow a symbolic link at its end is
// followed, one that leads nowhere too. A missing folder on the way gives an
// error that is fs.ErrNotExist.
func (t Tree) locate(p string, follow bool) (*located, error) {
	for range maxLinks {
		l, err := t.lookup(p)
		if err != nil || l.handle == nil || !follow || !isLink(&l.st) {
			return l, err
		}
		to, err := readlink(l.handle)
		l.close()
		if err != nil {
			return nil, err
		}
		if p = to; !path.IsAbs(to) {
			p = l.dir + "/" + to
		}
	}
	return nil, &os.PathError{Op: "open", Path: p, Err: unix.ELOOP}
}

// lookup is locate without following the last name.
func (t Tree) lookup(p string) (*located, error) {
	p = strings.TrimRight(p, "/")
	i := strings.LastIndexByte(p, '/')
	l := &located{dir: p[:max(i, 0)], name: p[i+1:]}
	if l.name == "" || l.name == "." || l.name == ".." { // a folder, whatever its name is
		l.dir, l.name = p, "."
	}
	dir, err := mount.OpenInRoot(t.Root, l.dir+"/.")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	l.handle, err = child(dir, l.name)
	if errors.Is(err, unix.ENOENT) {
		return l, nil
	}
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: p, Err: err}
	}
	if l.st, err = stat(l.handle); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// short is a path for people.
func short(p string) string { return path.Clean("/" + p) }

func errNotDir(p string) error { return errs.New(errs.Invalid, "%s: not a directory", p) }
