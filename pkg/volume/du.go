package volume

import (
	"context"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Use is how much room a volume takes.
type Use struct {
	Name        string `json:"name"`
	Driver      string `json:"driver"`
	Size        int64  `json:"size"`        // bytes on disk; -1: it is not mounted
	Containers  int    `json:"containers"`  // that mount it, stopped ones too
	Reclaimable int64  `json:"reclaimable"` // bytes that prune --all would give back
}

// Du tells the room that a volume takes, given the users of AllUsers. Links to one
// file count once in all. It fails with kind not_found for a missing volume.
func (m *Manager) Du(ctx context.Context, name string, users map[string][]string) (Use, error) {
	v, err := m.get(name)
	if err != nil {
		return Use{}, err
	}
	u := Use{Name: name, Driver: v.Driver, Size: -1, Containers: len(users[name])}
	here, err := m.sized(v)
	if err != nil || !here {
		return u, err
	}
	if u.Size = m.metered(ctx, v); u.Size < 0 {
		u.Size = usage(m.s.VolumeData(name))
	}
	if u.Containers == 0 && !onDevice(v) && m.notHeld(name) == nil {
		u.Reclaimable = u.Size
	}
	return u, ctx.Err()
}

// sized reports whether there are files to count.
func (m *Manager) sized(v *record.Volume) (bool, error) {
	if !onDevice(v) {
		return true, nil
	}
	here, err := m.isHere(v)
	return here && (isForeign(v.Driver) || !isBlock(m.s.VolumeData(v.Name))), err
}

// Exists reports whether there is a volume of that name, a broken one too.
func (m *Manager) Exists(name string) (bool, error) {
	_, err := m.get(name)
	if errs.Is(err, errs.NotFound) {
		return false, nil
	}
	if errs.Is(err, errs.Corrupt) {
		return true, nil
	}
	return err == nil, err
}
