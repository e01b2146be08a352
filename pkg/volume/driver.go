package volume

import (
	"context"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// Driver keeps volumes elsewhere than in a folder of Pouch. A call may have been
// made before, wholly or in part, by a command that was killed: it then does the
// rest. What it has to know again it keeps in v.Foreign; save makes v durable.
// All calls have the volume's lock.
type Driver interface {
	// Create makes the volume, and says v.Foreign.Made. After an error with
	// v.Foreign.Asked unset nothing was made.
	Create(ctx context.Context, v *record.Volume, save func() error) error

	// Remove has the driver remove what it made, or may have made.
	Remove(ctx context.Context, v *record.Volume, save func() error) error

	// Mount brings the volume to this host and to the path at, which is in a
	// folder of the volume's own. With v.Foreign.Block that is a device.
	Mount(ctx context.Context, v *record.Volume, at string, save func() error) error

	// Unmount undoes Mount, and what a Mount that was killed has done.
	Unmount(ctx context.Context, v *record.Volume, at string, save func() error) error

	// Status tells about the volume, whose data is at the path at, for inspect.
	// What it has it tells also with an error.
	Status(ctx context.Context, v *record.Volume, at string) (map[string]any, error)
}

// Drivers finds a driver by its name; it fails with kind not_found or invalid.
type Drivers func(ctx context.Context, name string) (Driver, error)

// OpenWith is Open in a program that links the drivers. In others pouch-vol is
// run for what needs one: a driver's libraries would double their start.
func OpenWith(s *store.Store, drivers Drivers) *Manager { return &Manager{s: s, drivers: drivers} }

// isForeign reports whether a driver is another than local.
func isForeign(driver string) bool { return driver != Local }

// known gives a volume of a foreign driver what tells its steps.
func known(v *record.Volume) *record.Foreign {
	if v.Foreign == nil {
		v.Foreign = &record.Foreign{}
	}
	return v.Foreign
}

// saver is what a driver makes v durable with.
func (m *Manager) saver(v *record.Volume) func() error {
	return func() error { return m.s.SetVolume(v) }
}

// driver returns v's driver. Without drivers nobody should ask.
func (m *Manager) driver(ctx context.Context, v *record.Volume) (Driver, error) {
	if m.drivers == nil {
		return nil, errs.New(errs.Internal, "volume driver %s is not in this program", v.Driver)
	}
	return m.drivers(ctx, v.Driver)
}

// apart reports whether another program has to do what needs v's driver.
func (m *Manager) apart(driver string) bool { return isForeign(driver) && m.drivers == nil }
