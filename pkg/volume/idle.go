package volume

import (
	"context"
	"fmt"

	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/proc"
)

// unmountIdle unmounts a volume's device unless a container other than except
// runs with it, and reports whether there was something to unmount.
func (m *Manager) unmountIdle(ctx context.Context, name, except string) (bool, error) {
	data := m.s.VolumeData(name)
	if on, err := mount.Mounted(data); err != nil || !on {
		return false, err
	}
	l, err := m.lock(ctx, name)
	if err != nil {
		return false, fmt.Errorf("unmount volume %s: %w", name, err)
	}
	defer l.Unlock()
	busy, err := m.busy(name, except)
	if err != nil || busy {
		return false, err
	}
	return true, mount.UnmountAll(data)
}

// busy reports whether a container other than except runs with the volume.
func (m *Manager) busy(name, except string) (bool, error) {
	users, err := m.users(except)
	if err != nil {
		return false, err
	}
	boot, err := proc.BootID()
	if err != nil {
		return false, err
	}
	for _, id := range users[name] {
		if m.active(id, boot) {
			return true, nil
		}
	}
	return false, nil
}
