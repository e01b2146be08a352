package volume

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// How long a driver may take in all for one step of a volume's life. What a
// command leaves undone by that the next one does.
const (
	bringTime = 5 * time.Minute
	takeTime  = 2 * time.Minute
)

// createForeign is create of a volume that another driver keeps.
func (m *Manager) createForeign(ctx context.Context, v *record.Volume) (*record.Volume, error) {
	if m.drivers == nil {
		if old, err := m.s.Volume(v.Name); err == nil && old.Foreign != nil && halfDone(old) == "" {
			return old, same(old, v)
		}
		return v, m.drive(ctx, driveCreate, v, "")
	}
	ctx, cancel := context.WithTimeout(ctx, bringTime)
	defer cancel()
	d, err := m.driver(ctx, v)
	if err != nil {
		return nil, err
	}
	l, err := m.lockPatiently(ctx, v.Name)
	if err != nil {
		return nil, err
	}
	defer l.Unlock()
	old, err := m.s.Volume(v.Name)
	switch {
	case err == nil && old.Foreign != nil && old.Foreign.Removing && old.Driver == v.Driver:
		if _, err := m.removeLocked(ctx, v.Name, false); err != nil { // begun by a command that was killed
			return nil, err
		}
	case err == nil:
		if err := same(old, v); err != nil || known(old).Made {
			return old, err
		}
		return old, m.finishForeign(ctx, d, old)
	case !errs.Is(err, errs.NotFound):
		return nil, err
	}
	return v, m.newForeign(ctx, d, v)
}

// newForeign writes the record, the intent, and has the driver make the volume.
func (m *Manager) newForeign(ctx context.Context, d Driver, v *record.Volume) error {
	if err := m.clearStaging(v.Name); err != nil {
		return err
	}
	from, err := m.source(d, v)
	if err != nil {
		return err
	}
	v.Foreign = &record.Foreign{ID: RandomName()[:32], Source: from}
	if err := m.s.CreateVolume(v); err != nil {
		return err
	}
	return m.finishForeign(ctx, d, v)
}

// finishForeign has the driver make a volume whose record is there. When the
// driver says that it has made nothing, the record goes.
func (m *Manager) finishForeign(ctx context.Context, d Driver, v *record.Volume) error {
	err := d.Create(ctx, v, m.saver(v))
	if err == nil {
		slog.Debug("volume made", "name", v.Name, "driver", v.Driver)
		m.event(v, "create", nil)
		return nil
	}
	if v.Foreign.Asked {
		return fmt.Errorf("%w: what it has done is not known: run the same again, or pouch-vol rm %s", err, v.Name)
	}
	return errors.Join(err, m.dropRecord(v.Name))
}

// dropRecord takes the folder of a volume of which nothing is left but that.
func (m *Manager) dropRecord(name string) error {
	if _, err := m.s.SetVolumeAside(name); err != nil {
		return err
	}
	return m.clearStaging(name)
}

// mountForeign brings a volume to its data folder, unless it is there. The
// caller holds its lock.
func (m *Manager) mountForeign(ctx context.Context, name string) error {
	v, err := m.s.Volume(name) // what it was before the lock may be old
	if err != nil {
		return err
	}
	if known(v).Removing {
		return errs.New(errs.NotFound, "it is half removed: pouch-vol rm %s does the rest", name)
	}
	boot, err := proc.BootID()
	if err != nil {
		return err
	}
	if there, err := isReady(v.Foreign, boot, m.s.VolumeData(name)); err != nil || there {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, bringTime)
	defer cancel()
	d, err := m.driver(ctx, v)
	if err != nil {
		return err
	}
	if !v.Foreign.Made {
		if err := m.finishForeign(ctx, d, v); err != nil {
			return err
		}
	}
	return m.bringForeign(ctx, d, v, boot)
}

// bringForeign has the driver mount a volume, and notes that it has in this boot.
func (m *Manager) bringForeign(ctx context.Context, d Driver, v *record.Volume, boot string) error {
	f, data := v.Foreign, m.s.VolumeData(v.Name)
	f.Ready, f.Mounted = "", false
	if err := makeData(data); err != nil {
		return err
	}
	if err := d.Mount(ctx, v, data, m.saver(v)); err != nil {
		return err
	}
	if _, err := os.Stat(data); err != nil {
		return errs.New(errs.Unavailable, "driver %s says that the volume is mounted, and it is not: %w", v.Driver, err)
	}
	var err error
	if f.Mounted, err = mount.Mounted(data); err != nil {
		return err
	}
	f.Ready = boot
	return m.s.SetVolume(v)
}

// isReady reports whether nothing has to be done for the volume to be used.
func isReady(f *record.Foreign, boot, data string) (bool, error) {
	if f.Ready != boot || !f.Published {
		return false, nil
	}
	if !f.Mounted {
		_, err := os.Lstat(data)
		return err == nil, nil
	}
	return mount.Mounted(data)
}

// unmountForeign takes a volume off this host. The caller holds its lock, and
// knows that nobody uses it. Idempotent.
func (m *Manager) unmountForeign(ctx context.Context, v *record.Volume) error {
	if !v.Foreign.Here() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, takeTime)
	defer cancel()
	d, err := m.driver(ctx, v)
	if err != nil {
		return err
	}
	if err := m.leaveReady(v); err != nil {
		return err
	}
	if err := d.Unmount(ctx, v, m.s.VolumeData(v.Name), m.saver(v)); err != nil {
		return err
	}
	if err := m.unmountDevice(v.Name); err != nil {
		return err
	}
	v.Foreign.Mounted = false
	return m.s.SetVolume(v)
}

// leaveReady notes that a volume is not to be relied on from now on. What was mounted in
// another boot is so no more.
func (m *Manager) leaveReady(v *record.Volume) error {
	f := v.Foreign
	if f.Ready == "" {
		return nil
	}
	boot, err := proc.BootID()
	if err != nil {
		return err
	}
	f.Mounted = f.Mounted && f.Ready == boot
	f.Ready = ""
	if err := m.s.SetVolume(v); err != nil { // a full disk keeps nothing mounted
		slog.Debug("not noted", "volume", v.Name, "error", err)
	}
	return nil
}

// lockPatiently is lock; of a volume whose driver may be at work it waits as long as
// that may take.
func (m *Manager) lockPatiently(ctx context.Context, name string) (*fsx.Lock, error) {
	v, err := m.s.Volume(name)
	if err == nil && !isForeign(v.Driver) {
		return m.lock(ctx, name)
	}
	ctx, cancel := context.WithTimeout(ctx, bringTime)
	defer cancel()
	for {
		l, err := m.lock(ctx, name)
		if !errs.Is(err, errs.Unavailable) || ctx.Err() != nil {
			return l, err
		}
	}
}

// isHere reports whether a volume's data lies at its folder, or may.
func (m *Manager) isHere(v *record.Volume) (bool, error) {
	if isForeign(v.Driver) {
		now, err := m.s.Volume(v.Name) // v may be from before it was mounted
		if errs.Is(err, errs.NotFound) {
			return false, nil
		}
		return now.Foreign.Here(), err
	}
	return mount.Mounted(m.s.VolumeData(v.Name))
}

// isBlock reports whether a volume's data is a device.
func isBlock(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().Type() == fs.ModeDevice
}
