package volume

import (
	"context"
	"errors"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// halfSnapshots are the snapshots that a killed command has left half made or
// half removed.
func (m *Manager) halfSnapshots() ([]Leftover, error) {
	list, _, err := m.Snapshots() // of a broken one nothing is known
	if err != nil {
		return nil, err
	}
	var out []Leftover
	for _, s := range list {
		if s.Made && !s.Removing {
			continue
		}
		l, err := m.s.TryLock("snapshot", s.Name)
		if errors.Is(err, fsx.ErrLocked) {
			continue
		}
		if err != nil {
			return nil, err
		}
		l.Unlock()
		out = append(out, Leftover{halfSnapshot, s.Name, s.Name, "driver " + s.Driver + " has not said that it is made or removed"})
	}
	return out, nil
}

// cleanSnapshot removes a snapshot that is half made, unless it is whole by now.
func (m *Manager) cleanSnapshot(ctx context.Context, name string) error {
	s, err := m.s.Snapshot(name)
	if errs.Is(err, errs.NotFound) || err == nil && s.Made && !s.Removing {
		return nil
	}
	if err != nil {
		return err
	}
	if m.apart(s.Driver) {
		return m.drive(ctx, driveSnapshot, &record.Volume{Name: name, Driver: s.Driver}, "")
	}
	return m.RemoveSnapshot(ctx, name, true)
}
