package volume

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// copier copies one tree. Every step is made with open folders and single
// names: no symbolic link is ever followed, whatever happens in the tree
// meanwhile.
type copier struct {
	ctx   context.Context
	root  *os.File         // of the copy
	links map[inode]string // files of several names: where in root the first lies
	count int
}

type inode struct{ dev, ino uint64 }

// copyTree copies what is in src, and src's own attributes, into the folder
// dst, and returns how many entries that were.
func copyTree(ctx context.Context, src, dst *os.File) (int, error) {
	c := &copier{ctx: ctx, root: dst, links: map[inode]string{}}
	err := c.dir(src, dst, "")
	return c.count, err
}

// dir copies the folder src into the folder dst; rel is dst's path below root.
func (c *copier) dir(src, dst *os.File, rel string) error {
	for {
		names, err := src.Readdirnames(256)
		if err != nil && err != io.EOF {
			return err
		}
		if len(names) == 0 {
			return copyAttributes(src, dst)
		}
		for _, n := range names {
			if err := c.ctx.Err(); err != nil {
				return err
			}
			if err := c.entry(src, dst, n, rel); err != nil {
				return fmt.Errorf("%s: %w", path.Join("/", rel, n), err)
			}
			c.count++
		}
	}
}

func (c *copier) entry(src, dst *os.File, name, rel string) error {
	var st unix.Stat_t
	if err := unix.Fstatat(int(src.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	kind := st.Mode & unix.S_IFMT
	if kind != unix.S_IFDIR && st.Nlink > 1 {
		key, here := inode{uint64(st.Dev), st.Ino}, path.Join(rel, name) //nolint:unconvert // as wide as the architecture has it
		if first, ok := c.links[key]; ok {
			return c.link(first, dst, name)
		}
		c.links[key] = here
	}
	switch kind {
	case unix.S_IFDIR:
		return c.subdir(src, dst, name, rel)
	case unix.S_IFREG:
		return regular(src, dst, name)
	case unix.S_IFLNK:
		return symlink(src, dst, name, &st)
	case unix.S_IFCHR, unix.S_IFBLK, unix.S_IFIFO, unix.S_IFSOCK:
		return special(src, dst, name, &st)
	}
	return fmt.Errorf("file of unknown type %o", kind)
}

func (c *copier) subdir(src, dst *os.File, name, rel string) error {
	if err := unix.Mkdirat(int(dst.Fd()), name, 0o700); err != nil {
		return err
	}
	from, err := openat(src, name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := openat(dst, name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer to.Close()
	return c.dir(from, to, path.Join(rel, name))
}

// link gives the file that was copied to first the further name.
func (c *copier) link(first string, dst *os.File, name string) error {
	fd, err := unix.Openat2(int(c.root.Fd()), first, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_NOFOLLOW | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
	})
	if errors.Is(err, unix.ELOOP) { // the file is itself a symbolic link
		return c.linkSymlink(first, dst, name)
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Linkat(unix.AT_FDCWD, fdPath(fd), int(dst.Fd()), name, unix.AT_SYMLINK_FOLLOW)
}

func (c *copier) linkSymlink(first string, dst *os.File, name string) error {
	dir, base := path.Split(first)
	fd, err := unix.Openat2(int(c.root.Fd()), path.Join(".", dir), &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
	})
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Linkat(fd, base, int(dst.Fd()), name, 0)
}

func regular(src, dst *os.File, name string) error {
	from, err := openat(src, name, unix.O_RDONLY|unix.O_NONBLOCK)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := openat(dst, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL)
	if err != nil {
		return err
	}
	err = copyData(from, to)
	if err == nil {
		err = copyAttributes(from, to)
	}
	return errors.Join(err, to.Close()) // some file systems tell only then what they could not write
}

// copyData copies a file's content and keeps its holes.
func copyData(from, to *os.File) error {
	st, err := from.Stat()
	if err != nil {
		return err
	}
	if err := to.Truncate(st.Size()); err != nil {
		return err
	}
	for off := int64(0); off < st.Size(); {
		start, err := unix.Seek(int(from.Fd()), off, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			return nil // the rest is a hole
		}
		end := st.Size()
		if err != nil {
			start = off // a filesystem that knows no holes
		} else if end, err = unix.Seek(int(from.Fd()), start, unix.SEEK_HOLE); err != nil {
			end = st.Size()
		}
		if _, err := from.Seek(start, io.SeekStart); err != nil {
			return err
		}
		if _, err := to.Seek(start, io.SeekStart); err != nil {
			return err
		}
		if _, err := io.CopyN(to, from, end-start); err != nil {
			return err
		}
		off = end
	}
	return nil
}

func symlink(src, dst *os.File, name string, st *unix.Stat_t) error {
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(int(src.Fd()), name, buf)
	if err != nil {
		return err
	}
	if err := unix.Symlinkat(string(buf[:n]), int(dst.Fd()), name); err != nil {
		return err
	}
	return nameAttributes(src, dst, name, st)
}

func special(src, dst *os.File, name string, st *unix.Stat_t) error {
	if err := unix.Mknodat(int(dst.Fd()), name, st.Mode&unix.S_IFMT|0o600, int(st.Rdev)); err != nil {
		return err
	}
	if err := nameAttributes(src, dst, name, st); err != nil {
		return err
	}
	return unix.Fchmodat(int(dst.Fd()), name, st.Mode&0o7777, 0)
}

func openat(dir *os.File, name string, flags int) (*os.File, error) {
	fd, err := unix.Openat(int(dir.Fd()), name, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

func fdPath(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }

// copyAttributes gives the open file b the owner, extended attributes, mode and
// times of a, in the order in which one does not undo another.
func copyAttributes(a, b *os.File) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(a.Fd()), &st); err != nil {
		return err
	}
	if err := unix.Fchown(int(b.Fd()), int(st.Uid), int(st.Gid)); err != nil {
		return err
	}
	if err := copyXattrs(fdPath(int(a.Fd())), fdPath(int(b.Fd())), unix.Listxattr, unix.Getxattr, unix.Setxattr); err != nil {
		return err
	}
	if err := unix.Fchmod(int(b.Fd()), st.Mode&0o7777); err != nil {
		return err
	}
	return unix.UtimesNanoAt(unix.AT_FDCWD, fdPath(int(b.Fd())), []unix.Timespec{st.Atim, st.Mtim}, 0)
}

// nameAttributes is copyAttributes, but for the mode, of something that is not
// opened: the names' folders are, so that only the last element is a name.
func nameAttributes(src, dst *os.File, name string, st *unix.Stat_t) error {
	if err := unix.Fchownat(int(dst.Fd()), name, int(st.Uid), int(st.Gid), unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	from, to := fdPath(int(src.Fd()))+"/"+name, fdPath(int(dst.Fd()))+"/"+name
	if err := copyXattrs(from, to, unix.Llistxattr, unix.Lgetxattr, unix.Lsetxattr); err != nil {
		return err
	}
	return unix.UtimesNanoAt(int(dst.Fd()), name, []unix.Timespec{st.Atim, st.Mtim}, unix.AT_SYMLINK_NOFOLLOW)
}

func copyXattrs(from, to string,
	list func(string, []byte) (int, error),
	get func(string, string, []byte) (int, error),
	set func(string, string, []byte, int) error,
) error {
	names, err := grow(func(b []byte) (int, error) { return list(from, b) })
	if errors.Is(err, unix.ENOTSUP) {
		return nil
	}
	if err != nil {
		return err
	}
	for n := range strings.SplitSeq(strings.TrimRight(string(names), "\x00"), "\x00") {
		if n == "" || strings.HasPrefix(n, "trusted.overlay.") || strings.HasPrefix(n, "user.overlay.") {
			continue
		}
		value, err := grow(func(b []byte) (int, error) { return get(from, n, b) })
		if errors.Is(err, unix.ENODATA) {
			continue
		}
		if err == nil {
			err = set(to, n, value, 0)
		}
		if err != nil && !errors.Is(err, unix.ENOTSUP) && !errors.Is(err, unix.EPERM) {
			return fmt.Errorf("attribute %s: %w", n, err)
		}
	}
	return nil
}

// grow calls read with a larger buffer until the value fits.
func grow(read func([]byte) (int, error)) ([]byte, error) {
	for {
		n, err := read(nil)
		if err != nil || n == 0 {
			return nil, err
		}
		buf := make([]byte, n)
		n, err = read(buf)
		if !errors.Is(err, unix.ERANGE) {
			return buf[:max(n, 0)], err
		}
	}
}
