package volume

import (
	"context"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Look is Inspect with what the volume's driver tells of it. A driver that does
// not answer is told of in the status, and no error.
func (m *Manager) Look(ctx context.Context, name string) (*Info, error) {
	info, err := m.Inspect(name)
	if err != nil || !isForeign(info.Driver) || m.drivers == nil {
		return info, err
	}
	v, err := m.get(name)
	if err != nil {
		return nil, err
	}
	known(v)
	d, err := m.driver(ctx, v)
	if err == nil {
		info.Status, err = d.Status(ctx, v, m.s.VolumeData(name))
	}
	if err != nil {
		if info.Status == nil {
			info.Status = map[string]any{}
		}
		info.Status["error"], info.Status["kind"] = err.Error(), errs.KindOf(err)
	}
	return info, nil
}
