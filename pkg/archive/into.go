package archive

import (
	"archive/tar"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
)

// into is a folder that files are put into.
type into struct {
	tree    Tree
	path    string   // of the folder; may have links
	dir     *os.File // the folder
	itself  bool     // the folder gets the attributes that its own entry has
	owners  bool     // files keep theirs, and what goes with them; else they are root's
	size    int64    // bytes of content so far
	folders folders  // whose attributes are set at the end
	skipped []string // names of what was left out

	last    string   // the folder that the last entry lies in
	lastDir *os.File // nil: to be looked up
	stale   bool     // something was taken away since, which may have led there
}

// open opens the folder p for what is to come into it.
func (t Tree) open(p string) (*into, error) {
	dir, err := mount.OpenInRoot(t.Root, p+"/.")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errs.New(errs.NotFound, "%s: no such directory", short(p))
	case errors.Is(err, unix.ENOTDIR):
		return nil, errNotDir(short(p))
	case err != nil:
		return nil, err
	}
	return &into{tree: t, path: p, dir: dir}, nil
}

func (in *into) close() {
	in.forget()
	in.dir.Close()
}

// forget lets the next entry's folder be looked up.
func (in *into) forget() {
	closeIf(in.lastDir)
	in.lastDir, in.stale = nil, false
}

// put writes one file. Names are relative to the folder; what is in its place
// goes, but folders and other things never take each other's.
func (in *into) put(h *tar.Header, b *body) error {
	name, err := entryName(h.Name)
	if err != nil || name == "." {
		if in.itself && err == nil && h.Typeflag == tar.TypeDir {
			return in.later(in.dir, name, h)
		}
		return err
	}
	if at := path.Dir(name); in.lastDir == nil || in.last != at || in.stale {
		in.forget()
		if in.lastDir, err = in.parent(name); err != nil {
			return entryError(name, err)
		}
		in.last = at
	}
	if err := in.one(in.lastDir, name, h, b); err != nil {
		return entryError(name, err)
	}
	return nil
}

// entryName is an entry's name without what must not be in it.
func entryName(name string) (string, error) {
	if slices.Contains(strings.Split(name, "/"), "..") {
		return "", errBreakout(name, "it leads out of the folder")
	}
	if strings.ContainsRune(name, 0) {
		return "", errBreakout(name, "it contains a NUL byte")
	}
	return path.Clean(strings.TrimLeft(path.Clean("/"+name), "/")), nil
}

// parent opens the folder that name lies in, made if need be. In a container's
// root links lead where they lead there; on the host none is followed.
func (in *into) parent(name string) (*os.File, error) {
	dir := path.Dir(name)
	if in.tree.Host {
		return in.beneath(dir)
	}
	at := in.path + "/" + dir
	h, err := mount.OpenInRoot(in.tree.Root, at+"/.")
	if errors.Is(err, fs.ErrNotExist) {
		return mount.MkdirAllInRoot(in.tree.Root, at, 0o755)
	}
	return h, err
}

// beneath opens a folder below the destination without following any link.
func (in *into) beneath(dir string) (*os.File, error) {
	h, err := openBeneath(in.dir, dir)
	if !errors.Is(err, unix.ENOENT) || dir == "." {
		return h, err
	}
	up, err := in.beneath(path.Dir(dir))
	if err != nil {
		return nil, err
	}
	defer up.Close()
	if err := unix.Mkdirat(int(up.Fd()), path.Base(dir), 0o755); err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, err
	}
	return openBeneath(up, path.Base(dir))
}

func openBeneath(dir *os.File, name string) (*os.File, error) {
	how := &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
	}
	for {
		fd, err := unix.Openat2(int(dir.Fd()), name, how)
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) { // something was renamed meanwhile
			continue
		}
		if err != nil {
			return nil, err
		}
		return os.NewFile(uintptr(fd), name), nil
	}
}

// one writes the entry under its last name in dir.
func (in *into) one(dir *os.File, name string, h *tar.Header, b *body) error {
	base := path.Base(name)
	switch h.Typeflag {
	case tar.TypeDir:
		return in.folder(dir, base, name, h)
	case tar.TypeReg, tar.TypeGNUSparse, '\x00':
		return in.regular(dir, base, h, b)
	case tar.TypeSymlink:
		return in.replace(dir, base, func() error { return unix.Symlinkat(h.Linkname, int(dir.Fd()), base) }, h)
	case tar.TypeLink:
		return in.link(dir, base, h)
	case tar.TypeFifo:
		return in.replace(dir, base, func() error { return unix.Mknodat(int(dir.Fd()), base, unix.S_IFIFO|0o600, 0) }, h)
	case tar.TypeChar, tar.TypeBlock:
		return in.device(dir, base, name, h)
	case tar.TypeXGlobalHeader:
		return nil
	}
	return errs.New(errs.Unsupported, "an entry of type %q is no file", string(h.Typeflag))
}
