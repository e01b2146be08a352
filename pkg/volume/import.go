package volume

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/quota"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Import writes what is in the tar stream r, plain or compressed with gzip or
// bzip2, into a volume. An empty one in a folder gets all of it or nothing, as by
// Populate; in any other files are added and replaced one by one, and stay after an
// error. Nothing is written outside the volume, whatever the stream holds
// (CVE-2025-11395): entries that lead out of it give kind invalid, a damaged stream
// kind corrupt, and a missing volume kind not_found.
func (m *Manager) Import(ctx context.Context, name string, r io.Reader) error {
	err := m.with(ctx, name, func(_ *record.Volume, data string) error {
		l, err := m.lock(ctx, name)
		if err != nil {
			return err
		}
		defer l.Unlock()
		v, err := m.get(name)
		if err != nil {
			return err
		}
		if _, err := os.Lstat(m.filledDir(name)); err == nil && !onDevice(v) {
			if err := m.finishFill(v); err != nil { // of a crash
				return err
			}
		}
		if empty, err := isEmptyDir(data); err != nil || onDevice(v) || !empty {
			return errors.Join(err, m.restore(ctx, name, data, r))
		}
		return m.importWhole(ctx, v, r)
	})
	if err != nil {
		return fmt.Errorf("import into volume %s: %w", name, err)
	}
	return nil
}

// importWhole unpacks beside the data, and moves all over when it is on disk.
func (m *Manager) importWhole(ctx context.Context, v *record.Volume, r io.Reader) error {
	tmp, data := m.fillDir(v.Name), m.s.VolumeData(v.Name)
	if err := os.RemoveAll(tmp); err != nil { // of a crash
		return err
	}
	err := os.Mkdir(tmp, 0o700)
	if err == nil {
		err = errors.Join(quota.Like(data, tmp), likeFolder(data, tmp))
	}
	if err == nil {
		err = m.restore(ctx, v.Name, tmp, r)
	}
	if err == nil {
		err = fsx.MoveDir(tmp, m.filledDir(v.Name))
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	return m.finishFill(v)
}

// restore unpacks r into dir, which counts for the limit of volume name, and brings it to disk.
func (m *Manager) restore(ctx context.Context, name, dir string, r io.Reader) error {
	t, err := tree(dir)
	if err != nil {
		return err
	}
	defer t.Close()
	err = quota.Bound(func() error {
		_, err := t.Restore(ctx, "/", r)
		return err
	})
	if err != nil {
		return m.tooMuch(name, err)
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return os.NewSyscallError("syncfs", unix.Syncfs(int(d.Fd())))
}
