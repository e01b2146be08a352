package volume

import (
	"context"
	"fmt"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Resizer is a driver that makes volumes larger.
type Resizer interface {
	// Resize makes v, whose data is at the path at, size bytes large.
	Resize(ctx context.Context, v *record.Volume, size int64, at string, save func() error) error
}

// Meter is a driver that tells what is in use of a volume.
type Meter interface {
	// Used is the number of bytes, -1 when it is not known.
	Used(ctx context.Context, v *record.Volume, at string) (int64, error)
}

// metered asks v's driver what is in use; -1: it does not tell.
func (m *Manager) metered(ctx context.Context, v *record.Volume) int64 {
	if !isForeign(v.Driver) || m.drivers == nil {
		return -1
	}
	d, err := m.driver(ctx, v)
	if err != nil {
		return -1
	}
	meter, ok := d.(Meter)
	if !ok {
		return -1
	}
	n, err := meter.Used(ctx, v, m.s.VolumeData(v.Name))
	if err != nil {
		return -1
	}
	return n
}

// Resize has a volume's driver make it larger, also while containers use it if the
// driver can; the limit of a local volume that has one changes in both directions. It
// fails with kind unsupported for drivers that cannot, and for a local volume without
// a limit, and with kind invalid for less than the volume has. Idempotent.
func (m *Manager) Resize(ctx context.Context, name string, size int64) (*record.Volume, error) {
	if _, err := m.get(name); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, bringTime)
	defer cancel()
	l, err := m.lockPatiently(ctx, name)
	if err != nil {
		return nil, err
	}
	defer l.Unlock()
	v, err := m.get(name)
	if err != nil {
		return nil, err
	}
	if err := m.resize(ctx, v, size); err != nil {
		return nil, fmt.Errorf("resize volume %s: %w", name, err)
	}
	return v, nil
}

func (m *Manager) resize(ctx context.Context, v *record.Volume, size int64) error {
	if isForeign(v.Driver) {
		d, err := m.driver(ctx, v)
		if err != nil {
			return err
		}
		if r, ok := d.(Resizer); ok && known(v).Made {
			return r.Resize(ctx, v, size, m.s.VolumeData(v.Name), m.saver(v))
		}
	}
	if v.Quota != nil {
		return m.resizeLimit(ctx, v, size)
	}
	return errs.New(errs.Unsupported, "driver %s makes this volume no larger: CSI drivers may, and local does with one that has a limit", v.Driver)
}
