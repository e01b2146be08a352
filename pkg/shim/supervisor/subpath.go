package supervisor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// subpaths mounts in the bundle, as long as a life is created, what the container
// mounts of volumes below their roots, and returns the specification that binds
// it from there. A path in a volume is whoever's who writes there: it is resolved
// once, with the volume as "/", and mounted by what was opened, so no link that is
// swapped meanwhile leads elsewhere (CVE-2017-1002101, CVE-2021-25741). hide takes
// the mounts away.
func (t *task) subpaths(s *specs.Spec) (_ *specs.Spec, hide func(), err error) {
	out := *s
	out.Mounts = append([]specs.Mount(nil), s.Mounts...)
	var made []string
	hide = func() {
		for _, dir := range made {
			if err := mount.UnmountAll(dir); err != nil {
				t.s.log.errorf("unmount a volume's folder: %v", err)
			}
		}
	}
	if t.rec == nil {
		return s, hide, nil
	}
	for i, m := range t.rec.Mounts {
		if m.Subpath == "" {
			continue
		}
		at := filepath.Join(t.bundle, "subpath", strconv.Itoa(i))
		made = append(made, at)
		if err := part(m, at); err != nil {
			hide()
			return nil, nil, fmt.Errorf("mount %s of volume %s: %w", m.Subpath, m.Name, err)
		}
		bindFrom(out.Mounts, m.Destination, at)
	}
	return &out, hide, nil
}

// bindFrom makes at the source of the mount at destination.
func bindFrom(mounts []specs.Mount, destination, at string) {
	for i := range mounts {
		if mounts[i].Type == "bind" && path.Clean(mounts[i].Destination) == destination {
			mounts[i].Source = at
		}
	}
}

// part mounts the part of a volume at the path at, which is made.
func part(m record.Mount, at string) error {
	root, err := os.OpenFile(m.Source, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer root.Close()
	h, err := mount.OpenInRoot(root, m.Subpath)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return errs.New(errs.Invalid, "cannot access path: there is no such file or folder in the volume: make it first")
	}
	if err != nil {
		return err
	}
	defer h.Close()
	tree, err := mount.TreeOf(h)
	if err != nil {
		return err
	}
	defer tree.Close()
	target, err := place(at, h)
	if err != nil {
		return err
	}
	defer target.Close()
	return tree.On(target)
}

// place makes a folder, or a file, as h is one, at the path at of the bundle. What
// a crash left mounted there goes first.
func place(at string, h *os.File) (*os.File, error) {
	if err := mount.UnmountAll(at); err != nil {
		return nil, err
	}
	st, err := h.Stat()
	if err != nil {
		return nil, err
	}
	if st.Mode()&fs.ModeSymlink != 0 {
		return nil, errs.New(errs.Invalid, "it is a symbolic link")
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o711), os.RemoveAll(at)); err != nil {
		return nil, err
	}
	if st.IsDir() {
		err = os.Mkdir(at, 0o711)
	} else {
		err = unix.Mknod(at, unix.S_IFREG|0o600, 0)
	}
	if err != nil {
		return nil, err
	}
	return os.OpenFile(at, unix.O_PATH|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
}
