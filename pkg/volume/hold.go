package volume

import (
	"context"
	"errors"
	"fmt"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Hold mounts a volume, if that is needed, and keeps it so until LetGo or the end
// of the boot, whatever containers come and go; rm refuses it meanwhile. It returns
// the path of the data on the host. It fails with kind not_found for a missing
// volume. Idempotent.
func (m *Manager) Hold(ctx context.Context, name string) (path string, err error) {
	v, err := m.get(name)
	if err != nil {
		return "", err
	}
	held, err := m.s.VolumeHeld(name)
	if err != nil {
		return "", err
	}
	letGo, err := m.s.HoldVolume(name, nil)
	if err == nil {
		err = m.bring(ctx, v)
	}
	if err == nil {
		return m.s.VolumeData(name), nil
	}
	if !held && letGo != nil {
		err = errors.Join(err, letGo())
	}
	return "", fmt.Errorf("mount volume %s: %w", name, err)
}

// LetGo ends what Hold began: a volume that was mounted is unmounted, unless
// containers run with it, with whose end it then is. It fails with kind not_found
// for a missing volume. Idempotent.
func (m *Manager) LetGo(ctx context.Context, name string) error {
	v, err := m.get(name)
	if err != nil {
		return err
	}
	if err := m.s.LetGoVolume(name); err != nil {
		return err
	}
	return m.leave(ctx, v)
}

// bring makes the data of a volume that is held present. It takes the lock even
// when there is nothing to mount: a removal that did not see the hold has ended
// then.
func (m *Manager) bring(ctx context.Context, v *record.Volume) error {
	if onDevice(v) {
		return m.mountLocked(ctx, v)
	}
	l, err := m.lock(ctx, v.Name)
	if err != nil {
		return err
	}
	defer l.Unlock()
	_, err = m.get(v.Name)
	return err
}

// leave unmounts a volume that needs it and that nobody uses any more.
func (m *Manager) leave(ctx context.Context, v *record.Volume) error {
	if !onDevice(v) {
		return nil
	}
	return m.unmountIdle(ctx, v, "")
}

// with calls do with the path of a volume's data, mounted as long as that takes
// and this process lives.
func (m *Manager) with(ctx context.Context, name string, do func(v *record.Volume, data string) error) (err error) {
	v, err := m.get(name)
	if err != nil {
		return err
	}
	me, err := proc.Self()
	if err != nil {
		return err
	}
	letGo, err := m.s.HoldVolume(name, &me)
	if err != nil {
		return err
	}
	defer func() {
		// Also when the command was told to stop.
		err = errors.Join(err, letGo(), m.leave(context.WithoutCancel(ctx), v))
	}()
	if err := m.bring(ctx, v); err != nil {
		return err
	}
	data := m.s.VolumeData(name)
	if isBlock(data) {
		return errs.New(errs.Unsupported, "volume %s is a device, not files: read or write %s after pouch-vol mount", name, data)
	}
	return do(v, data)
}

// notHeld fails with kind in_use when somebody holds the volume.
func (m *Manager) notHeld(name string) error {
	held, err := m.s.VolumeHeld(name)
	if err == nil && held {
		err = errs.New(errs.InUse, "volume is in use - it is mounted or being copied: pouch-vol unmount %s", name)
	}
	return err
}

// staleHolds are those of commands that were killed.
func (m *Manager) staleHolds() ([]Leftover, error) {
	found, err := m.s.StaleHolds()
	var out []Leftover
	for _, h := range found {
		out = append(out, Leftover{staleHold, h.Path, h.Volume, "the command that held the volume died"})
	}
	return out, err
}
