package volume

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// removeForeign has the driver take a volume off this host and remove it. With
// force a driver that fails or is not there is no error: what it keeps stays with it. The
// caller holds the lock. Idempotent.
func (m *Manager) removeForeign(ctx context.Context, v *record.Volume, force bool) error {
	err := m.removeByDriver(ctx, v)
	if force && err != nil {
		slog.Warn("the volume is forgotten, its storage stays with the driver", "volume", v.Name, "driver", v.Driver, "handle", known(v).Handle, "error", err)
		return nil
	}
	return err
}

func (m *Manager) removeByDriver(ctx context.Context, v *record.Volume) error {
	ctx, cancel := context.WithTimeout(ctx, takeTime)
	defer cancel()
	d, err := m.driver(ctx, v)
	if err != nil {
		return err
	}
	f := known(v)
	if err := m.unmountForeign(ctx, v); err != nil {
		return err
	}
	if f.Given || !f.Asked && !f.Made {
		return nil
	}
	f.Removing = true
	if err := m.s.SetVolume(v); err != nil {
		return err
	}
	if err := d.Remove(ctx, v, m.saver(v)); err != nil {
		return fmt.Errorf("%w: the rest is done by the next pouch-vol rm or pouch-run gc", err)
	}
	return nil
}

// letGo has a volume's driver take it off this host at the end of a container.
func (m *Manager) letGo(v *record.Volume, container string) {
	if here, err := m.isHere(v); err != nil || !here {
		return
	}
	if err := m.driveOn(driveUnmount, v, container); err != nil {
		slog.Warn("a volume stays mounted, pouch-run gc tries again", "volume", v.Name, "driver", v.Driver, "error", err)
		m.event(v, "unmount_failed", record.Labels{"container": container, "error": err.Error()})
	}
}
