package volume

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Remove removes a volume with its data; of a volume with a device only what
// is Pouch's, never what the device holds. It fails with kind in_use when a
// container, a stopped one too, mounts it, and with kind not_found for a missing
// one; with force that is no error, and a folder without a record goes too. A
// volume whose record is broken can be removed.
func (m *Manager) Remove(ctx context.Context, name string, force bool) error {
	_, err := m.get(name)
	if errs.Is(err, errs.NotFound) && !force {
		return err
	}
	if CheckName(name) != nil || err != nil && !m.isLeft(name) {
		return nil
	}
	_, err = m.remove(ctx, name, "")
	return err
}

// remove removes the volume unless a container other than except mounts it,
// and returns the bytes that its data took. Idempotent.
func (m *Manager) remove(ctx context.Context, name, except string) (int64, error) {
	l, err := m.lock(ctx, name)
	if err != nil {
		return 0, fmt.Errorf("remove volume %s: %w", name, err)
	}
	users, err := m.users(except)
	if err == nil && len(users[name]) > 0 {
		err = errs.New(errs.InUse, "volume is in use - [%s]", strings.Join(users[name], ", "))
	}
	var size int64
	if err == nil {
		size, err = m.removeLocked(name)
	}
	if err != nil {
		l.Unlock()
		return 0, fmt.Errorf("remove %s: %w", name, err)
	}
	l.Remove()
	return size, nil
}

// removeLocked is remove for who holds the lock and knows there is no user.
func (m *Manager) removeLocked(name string) (int64, error) {
	if err := mount.UnmountBelow(m.s.VolumeDir(name)); err != nil {
		return 0, err
	}
	if err := m.clearStaging(name); err != nil {
		return 0, err
	}
	if _, err := m.s.SetVolumeAside(name); err != nil {
		return 0, err
	}
	size := usage(filepath.Join(m.s.VolumeStaging(name), "_data"))
	return size, m.clearStaging(name)
}

// clearStaging removes what lies where volumes are made and removed. It never
// enters something mounted there.
func (m *Manager) clearStaging(name string) error {
	dir := m.s.VolumeStaging(name)
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := mount.UnmountBelow(dir); err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

// RemoveAnonymous removes the anonymous volumes of c that no other container
// mounts: for rm -v and --rm, before c's record goes. Idempotent.
func (m *Manager) RemoveAnonymous(ctx context.Context, c *record.Container) error {
	var all []error
	for _, mt := range c.Mounts {
		if mt.Type != "volume" || !mt.Anonymous || CheckName(mt.Name) != nil {
			continue
		}
		if _, err := m.remove(ctx, mt.Name, c.ID); err != nil && !errs.Is(err, errs.InUse) {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// Release unmounts the volumes of c with a device that no other container uses
// any more: when c has ended, before its run folder goes. Their data and records
// stay. Idempotent.
func (m *Manager) Release(ctx context.Context, c *record.Container) error {
	var all []error
	for _, name := range named(c) {
		v, err := m.s.Volume(name)
		if err != nil || !onDevice(v) {
			continue
		}
		_, err = m.unmountIdle(ctx, name, c.ID)
		all = append(all, err)
	}
	return errors.Join(all...)
}
