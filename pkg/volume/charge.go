package volume

import (
	"context"
	"fmt"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/quota"
)

// Charge puts the volume under project id of container c, with a limit of size
// bytes for all that is in the project. A volume that has a limit of its own, lies
// elsewhere than in a folder, or is under another container's project stays as it
// is. It fails with kind unsupported where the filesystem keeps no limits.
// Idempotent.
func (m *Manager) Charge(ctx context.Context, name string, id uint32, size int64, c string) error {
	l, err := m.lock(ctx, name)
	if err != nil {
		return fmt.Errorf("volume %s: %w", name, err)
	}
	defer l.Unlock()
	v, err := m.get(name)
	if err != nil || onDevice(v) || v.Quota != nil {
		return err
	}
	data := m.s.VolumeData(name)
	is, err := quota.Of(data)
	if err != nil {
		return err
	}
	if is != id && is != 0 {
		if taken, err := m.charged(is, c); err != nil || taken {
			return err
		}
	}
	if is != id {
		if err := quota.Assign(ctx, data, id); err != nil {
			return fmt.Errorf("volume %s: %w", name, err)
		}
	}
	if err := quota.SetLimit(data, id, quota.Limit{Bytes: size}); err != nil {
		return fmt.Errorf("volume %s: %w", name, err)
	}
	return nil
}

// charged reports whether a container other than except has project id.
func (m *Manager) charged(id uint32, except string) (bool, error) {
	ids, err := m.s.ContainerIDs()
	if err != nil {
		return false, err
	}
	for _, other := range ids {
		c, err := m.s.Container(other)
		if other == except || errs.Is(err, errs.NotFound) {
			continue
		}
		if err != nil {
			return true, nil //nolint:nilerr // it may be that one's
		}
		for _, p := range c.Projects {
			if p.ID == id {
				return true, nil
			}
		}
	}
	return false, nil
}
