package archive

import (
	"archive/tar"
	"errors"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// folder makes a folder, or goes on with the one that is there. In a
// container's root a link to a folder counts as one, and stays.
func (in *into) folder(dir *os.File, base, name string, h *tar.Header) error {
	err := unix.Mkdirat(int(dir.Fd()), base, 0o700)
	if err == nil {
		return in.later(dir, name, h)
	}
	if !errors.Is(err, unix.EEXIST) {
		return err
	}
	there, err := child(dir, base)
	if err != nil {
		return err
	}
	defer there.Close()
	st, err := stat(there)
	if err != nil {
		return err
	}
	if isLink(&st) && !in.tree.Host {
		to, err := in.parent(name + "/x")
		if err == nil {
			to.Close()
			return nil
		}
	}
	if !isDir(&st) {
		return errs.New(errs.Conflict, "cannot overwrite non-directory with a directory")
	}
	return in.later(dir, name, h)
}

// clear takes away what has the name, unless it is a folder.
func (in *into) clear(dir *os.File, base string) error {
	err := unix.Unlinkat(int(dir.Fd()), base, 0)
	switch {
	case err == nil:
		in.stale = true
	case errors.Is(err, unix.ENOENT):
		return nil
	case errors.Is(err, unix.EISDIR):
		return errs.New(errs.Conflict, "cannot overwrite a directory with a non-directory")
	}
	return err
}

// replace makes something that has no content in the place of name.
func (in *into) replace(dir *os.File, base string, create func() error, h *tar.Header) error {
	if err := in.clear(dir, base); err != nil {
		return err
	}
	if err := create(); err != nil {
		return err
	}
	made, err := child(dir, base)
	if err != nil {
		return err
	}
	defer made.Close()
	st, err := stat(made)
	if err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != format(h.Typeflag) {
		return errs.New(errs.Conflict, "it was replaced meanwhile")
	}
	return in.attributes(made, h)
}

// format is the type in st_mode (inode(7)) of an entry.
func format(typeflag byte) uint32 {
	switch typeflag {
	case tar.TypeSymlink:
		return unix.S_IFLNK
	case tar.TypeFifo:
		return unix.S_IFIFO
	case tar.TypeChar:
		return unix.S_IFCHR
	case tar.TypeBlock:
		return unix.S_IFBLK
	case tar.TypeDir:
		return unix.S_IFDIR
	}
	return unix.S_IFREG
}

// device makes a device's node. On the host, where it would be a door to the
// machine, only with its owner.
func (in *into) device(dir *os.File, base, name string, h *tar.Header) error {
	if in.tree.Host && !in.owners {
		in.skipped = append(in.skipped, name)
		return nil
	}
	dev := unix.Mkdev(uint32(h.Devmajor), uint32(h.Devminor))
	return in.replace(dir, base, func() error {
		return unix.Mknodat(int(dir.Fd()), base, format(h.Typeflag)|0o600, int(dev))
	}, h)
}

// link gives a file that came before another name. Both are looked up without
// following the last one.
func (in *into) link(dir *os.File, base string, h *tar.Header) error {
	target, err := entryName(h.Linkname)
	if err != nil {
		return err
	}
	from, err := in.parent(target)
	if err != nil {
		return err
	}
	defer from.Close()
	if err := in.clear(dir, base); err != nil {
		return err
	}
	return unix.Linkat(int(from.Fd()), path.Base(target), int(dir.Fd()), base, 0)
}

// regular writes a file anew. One that cannot be taken away, since something is
// mounted on it, is written in place.
func (in *into) regular(dir *os.File, base string, h *tar.Header, b *body) error {
	flags := unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL
	err := in.clear(dir, base)
	mounted := errors.Is(err, unix.EBUSY)
	if mounted {
		flags = unix.O_WRONLY
		err = checkRegular(dir, base)
	}
	if err != nil {
		return err
	}
	fd, err := unix.Openat(int(dir.Fd()), base, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), base)
	defer f.Close()
	if err := in.content(f, h, b); err != nil {
		if !mounted {
			unix.Unlinkat(int(dir.Fd()), base, 0) //nolint:errcheck // the first error is told
		}
		return err
	}
	return in.attributes(f, h)
}

func checkRegular(dir *os.File, base string) error {
	h, err := child(dir, base)
	if err != nil {
		return err
	}
	defer h.Close()
	st, err := stat(h)
	if err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
		err = unix.EBUSY
	}
	return err
}

// sure is a size that a file can have anywhere, bytes.
const sure = 1 << 31

// content writes what is in a file. A size that no file here can have is told at
// once: a hole of that size would be read for years.
func (in *into) content(f *os.File, h *tar.Header, b *body) error {
	if h.Size > sure {
		if err := f.Truncate(h.Size); err != nil {
			return err
		}
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	var n int64
	var err error
	if b.f != nil {
		n, err = copyHoles(f, b.f, b.r, h.Size)
	} else {
		n, err = copySparse(f, b.r)
	}
	in.size += n
	return err
}
