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

// Resize has a volume's driver make it larger, also while containers use it if the
// driver can. It fails with kind unsupported for drivers that cannot, the local
// one among them, and with kind invalid for less than the volume has. Idempotent.
func (m *Manager) Resize(ctx context.Context, name string, size int64) (*record.Volume, error) {
	v, err := m.get(name)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, bringTime)
	defer cancel()
	l, err := m.lockPatiently(ctx, name)
	if err != nil {
		return nil, err
	}
	defer l.Unlock()
	if v, err = m.get(name); err != nil {
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
	return errs.New(errs.Unsupported, "driver %s makes no volume larger: those of CSI drivers may", v.Driver)
}
