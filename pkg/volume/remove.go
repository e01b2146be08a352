package volume

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

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
		return nil //nolint:nilerr // it is gone, or never was: as wished
	}
	_, err = m.remove(ctx, name, "", force)
	return err
}

// ending is how long remove waits for containers that are on their way out:
// run --rm answers when its process has ended, and the rest goes after that.
const ending = 5 * time.Second

// remove removes the volume unless a container other than except mounts it,
// and returns the bytes that its data took. Idempotent.
func (m *Manager) remove(ctx context.Context, name, except string, force bool) (int64, error) {
	if v, err := m.s.Volume(name); err == nil && m.apart(v.Driver) {
		return 0, m.drive(ctx, driveRemove, v, except)
	}
	until := time.Now().Add(ending)
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		size, users, err := m.tryRemove(ctx, name, except, force)
		if err != nil {
			return 0, fmt.Errorf("remove %s: %w", name, err)
		}
		if len(users) == 0 {
			return size, nil
		}
		if !m.going(users) || time.Now().After(until) {
			return 0, errs.New(errs.InUse, "remove %s: volume is in use - [%s]", name, strings.Join(users, ", "))
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// tryRemove removes the volume, or returns who mounts it.
func (m *Manager) tryRemove(ctx context.Context, name, except string, force bool) (size int64, users []string, err error) {
	l, err := m.lock(ctx, name)
	if err != nil {
		return 0, nil, err
	}
	all, err := m.users(except)
	if err == nil {
		err = m.notHeld(name)
	}
	if users = all[name]; err == nil && len(users) == 0 {
		size, err = m.removeLocked(ctx, name, force)
	}
	if err != nil || len(users) > 0 {
		l.Unlock()
		return 0, users, err
	}
	l.Remove()
	return size, nil, nil
}

// removeLocked is remove for who holds the lock and knows there is no user.
func (m *Manager) removeLocked(ctx context.Context, name string, force bool) (int64, error) {
	v, there := m.s.Volume(name)
	if there == nil && isForeign(v.Driver) {
		if err := m.removeForeign(ctx, v, force); err != nil {
			return 0, err
		}
	}
	if err := unmountIn(m.s.VolumeDir(name)); err != nil {
		return 0, err
	}
	if err := m.clearStaging(name); err != nil {
		return 0, err
	}
	if _, err := m.s.SetVolumeAside(name); err != nil {
		return 0, err
	}
	if there == nil {
		m.event(v, "destroy", nil)
	}
	size := usage(filepath.Join(m.s.VolumeStaging(name), "_data"))
	return size, m.clearStaging(name)
}

// unmountIn unmounts what is mounted at dir and below. What a link leads to that lies in its
// place is somebody else's.
func unmountIn(dir string) error {
	fi, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && fi.Mode().Type() == fs.ModeSymlink {
		return nil
	}
	if err != nil {
		return err
	}
	return mount.UnmountBelow(dir)
}

// clearStaging removes what lies where volumes are made and removed. It never
// enters something mounted there.
func (m *Manager) clearStaging(name string) error {
	dir := m.s.VolumeStaging(name)
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := unmountIn(dir); err != nil {
		return err
	}
	if err := m.dropLimit(name); err != nil {
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
		if _, err := m.remove(ctx, mt.Name, c.ID, false); err != nil && !errs.Is(err, errs.InUse) {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// Release unmounts the volumes of c with a device that no other container uses
// any more: when c has ended, before its run folder goes. Their data and records
// stay. A driver that fails is told of and holds nothing up: Clean tries again.
// Idempotent.
func (m *Manager) Release(ctx context.Context, c *record.Container) error {
	var all []error
	ran := m.active(c.ID)
	for _, name := range named(c) {
		if ran {
			m.eventOf(name, "unmount", record.Labels{"container": c.ID})
		}
		v, err := m.s.Volume(name)
		if err != nil || !onDevice(v) {
			continue
		}
		if m.apart(v.Driver) {
			m.letGo(v, c.ID)
			continue
		}
		all = append(all, m.unmountIdle(ctx, v, c.ID))
	}
	return errors.Join(all...)
}
