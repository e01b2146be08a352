package volume

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// unmountIdle unmounts a volume's device unless a container other than except
// runs with it. Idempotent.
func (m *Manager) unmountIdle(ctx context.Context, v *record.Volume, except string) error {
	if on, err := m.isHere(v); err != nil || !on {
		return err
	}
	if m.apart(v.Driver) {
		return m.drive(ctx, driveUnmount, v, except)
	}
	if err := m.unmountUnused(ctx, v.Name, except); err != nil {
		return fmt.Errorf("unmount volume %s: %w", v.Name, err)
	}
	return nil
}

func (m *Manager) unmountUnused(ctx context.Context, name, except string) error {
	l, err := m.lock(ctx, name)
	if err != nil {
		return err
	}
	defer l.Unlock()
	v, err := m.s.Volume(name)
	if err != nil {
		return err
	}
	busy, err := m.busy(name, except)
	if err != nil || busy {
		return err
	}
	if isForeign(v.Driver) {
		return m.unmountForeign(ctx, v)
	}
	return m.unmountDevice(name)
}

// unmountDevice takes the mount at a volume's data away, in every mount
// namespace: this process may live in a supervisor's own, and a folder that is
// removed takes what is mounted on it elsewhere along (umount(2), NOTES of
// mount_namespaces(7)). The caller holds the volume's lock. Idempotent.
func (m *Manager) unmountDevice(name string) error {
	data := m.s.VolumeData(name)
	if err := mount.UnmountAll(data); err != nil {
		return err
	}
	// What was written below the mount, when there was none, keeps the folder.
	if err := os.Remove(data); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ENOTEMPTY) {
		return err
	}
	return makeData(data)
}

// makeData makes the data folder anew; a crash may have left none.
func makeData(data string) error {
	if err := os.Mkdir(data, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// busy reports whether a container other than except runs with the volume, or
// somebody holds it.
func (m *Manager) busy(name, except string) (bool, error) {
	if held, err := m.s.VolumeHeld(name); err != nil || held {
		return held, err
	}
	users, err := m.users(except)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(users[name], m.active) {
		return true, nil
	}
	return false, nil
}
