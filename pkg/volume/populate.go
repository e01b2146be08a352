package volume

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/quota"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// Populate fills a new volume, on its first use, with what the image has at
// pathInImage below the mounted root filesystem rootfs: contents, owners, modes,
// times, extended attributes, links and holes, and the owner and mode of the
// folder itself. A volume that has content, or was filled before, is left
// alone; so is one whose image has nothing there. Symbolic links in pathInImage
// are resolved inside rootfs, none is followed below it.
//
// The copy is made beside the data and moved over when it is complete and on
// disk: a crash leaves the volume empty or, once moving began, with a copy that
// the next call goes on to move. Of several containers that start at once with
// the volume, one copies and the others wait. A volume with a device is filled
// in place whenever it is empty, as docker does. Idempotent.
func Populate(ctx context.Context, s *store.Store, name, rootfs, pathInImage string) error {
	m := Open(s)
	if err := CheckName(name); err != nil {
		return err
	}
	l, err := m.lock(ctx, name)
	if err == nil {
		defer l.Unlock()
		err = m.populate(ctx, name, rootfs, pathInImage)
	}
	if err != nil {
		return fmt.Errorf("fill volume %s with the image's %s: %w", name, pathInImage, err)
	}
	return nil
}

func (m *Manager) populate(ctx context.Context, name, rootfs, pathInImage string) error {
	v, err := m.get(name)
	if err != nil {
		return err
	}
	if !onDevice(v) {
		if v.Populated {
			return nil
		}
		if _, err := os.Lstat(m.filledDir(name)); err == nil {
			return m.finishFill(v)
		}
	}
	if v.Foreign != nil && v.Foreign.ReadOnly || isBlock(m.s.VolumeData(name)) {
		return nil
	}
	if empty, err := isEmptyDir(m.s.VolumeData(name)); err != nil || !empty {
		return err
	}
	src, err := openSource(rootfs, pathInImage)
	if err != nil || src == nil {
		return err
	}
	defer src.Close()
	if onDevice(v) {
		return m.fillInPlace(ctx, name, src)
	}
	return m.fill(ctx, v, src)
}

// fillDir holds a copy that is being made, filledDir one that is complete and
// not yet moved into the data.
func (m *Manager) fillDir(name string) string {
	return filepath.Join(m.s.VolumeDir(name), fsx.TempPrefix+"fill")
}

func (m *Manager) filledDir(name string) string {
	return filepath.Join(m.s.VolumeDir(name), "filled")
}

// openSource opens the image's folder; nil when it has none.
func openSource(rootfs, path string) (*os.File, error) {
	root, err := os.OpenFile(rootfs, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	h, err := mount.OpenInRoot(root, path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer h.Close()
	st, err := h.Stat()
	if err != nil {
		return nil, err
	}
	if !st.IsDir() {
		return nil, errs.New(errs.Invalid, "it is no folder: a volume can only be mounted on a folder")
	}
	return mount.Reopen(h, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC)
}

// fill copies src beside the data, then moves it over.
func (m *Manager) fill(ctx context.Context, v *record.Volume, src *os.File) error {
	tmp := m.fillDir(v.Name)
	if err := os.RemoveAll(tmp); err != nil { // of a crash
		return err
	}
	err := quota.Bound(func() error { return fillNew(ctx, src, m.s.VolumeData(v.Name), tmp) })
	if err != nil {
		return errors.Join(m.tooMuch(v.Name, err), os.RemoveAll(tmp))
	}
	if err := fsx.MoveDir(tmp, m.filledDir(v.Name)); err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	return m.finishFill(v)
}

// fillNew copies src to the new folder tmp, whose files count for the limit of
// data's.
func fillNew(ctx context.Context, src *os.File, data, tmp string) error {
	if err := os.Mkdir(tmp, 0o700); err != nil {
		return err
	}
	if err := quota.Like(data, tmp); err != nil {
		return err
	}
	dst, err := os.Open(tmp)
	if err != nil {
		return err
	}
	defer dst.Close()
	n, err := copyTree(ctx, src, dst)
	if err != nil || n == 0 {
		return err
	}
	return unix.Syncfs(int(dst.Fd()))
}

func (m *Manager) fillInPlace(ctx context.Context, name string, src *os.File) error {
	dst, err := os.Open(m.s.VolumeData(name))
	if err != nil {
		return err
	}
	defer dst.Close()
	_, err = copyTree(ctx, src, dst)
	return err
}

// finishFill moves a complete copy into the data, never over what is there,
// and marks the volume. Idempotent until it is through.
func (m *Manager) finishFill(v *record.Volume) error {
	from, to := m.filledDir(v.Name), m.s.VolumeData(v.Name)
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	before, err := os.Stat(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		err := fsx.MoveVolatile(filepath.Join(from, e.Name()), filepath.Join(to, e.Name()))
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	if err := likeFolder(from, to); err != nil {
		return err
	}
	if err := os.Chtimes(to, time.Time{}, before.ModTime()); err != nil { // moving changed it
		return err
	}
	if err := fsx.SyncDir(to); err != nil {
		return err
	}
	v.Populated = true
	if err := m.s.SetVolume(v); err != nil {
		return err
	}
	return os.RemoveAll(from)
}

// likeFolder gives the folder to the owner, mode and attributes of from.
func likeFolder(from, to string) error {
	a, err := os.Open(from)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := os.Open(to)
	if err != nil {
		return err
	}
	defer b.Close()
	return copyAttributes(a, b)
}

func isEmptyDir(dir string) (bool, error) {
	d, err := os.Open(dir)
	if err != nil {
		return false, err
	}
	defer d.Close()
	for {
		names, err := d.Readdirnames(16)
		if len(names) == 0 {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		for _, n := range names {
			if n != "lost+found" { // a fresh filesystem of its own is empty
				return false, nil
			}
		}
	}
}
