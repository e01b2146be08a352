package volume

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Snapshotter is a driver that keeps what volumes had.
type Snapshotter interface {
	// Snapshot keeps what the volume s.Source has now, and says s.Made. After
	// an error with s.Asked unset nothing was made.
	Snapshot(ctx context.Context, s *record.Snapshot, save func() error) error

	// RemoveSnapshot removes what Snapshot made, or may have made.
	RemoveSnapshot(ctx context.Context, s *record.Snapshot, save func() error) error
}

// options that say what a new volume is a copy of.
const (
	optSnapshot = "snapshot"
	optClone    = "clone"
)

// Snapshot has volume's driver keep what it has now, under a name. One of that
// name is returned as it is, or completed when a killed command has left it
// half made. It fails with kind unsupported when the driver keeps no snapshots, and with
// conflict when the name is another volume's. Idempotent.
func (m *Manager) Snapshot(ctx context.Context, volume, name string, opts map[string]string) (*record.Snapshot, error) {
	if _, err := parse.Name("snapshot", name); err != nil {
		return nil, err
	}
	s, err := m.snapshot(ctx, volume, name, opts)
	if err != nil {
		return nil, fmt.Errorf("snapshot %s of volume %s: %w", name, volume, err)
	}
	return s, nil
}

func (m *Manager) snapshot(ctx context.Context, volume, name string, opts map[string]string) (*record.Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, bringTime)
	defer cancel()
	l, err := m.s.Lock(ctx, "snapshot", name)
	if err != nil {
		return nil, err
	}
	defer l.Unlock()
	s, err := m.s.Snapshot(name)
	if errs.Is(err, errs.NotFound) {
		s, err = m.newSnapshot(volume, name, opts)
	}
	switch {
	case err != nil:
		return nil, err
	case s.Volume != volume:
		return nil, errs.New(errs.Conflict, "the name is taken by a snapshot of volume %s", s.Volume)
	case s.Removing:
		return nil, errs.New(errs.Conflict, "it is half removed: pouch-vol snapshot rm %s does the rest", name)
	case s.Made && s.Ready:
		return s, nil
	}
	d, err := m.snapshotter(ctx, s.Driver)
	if err != nil {
		return nil, err
	}
	if err := d.Snapshot(ctx, s, m.snapshotSaver(s)); err != nil {
		if s.Asked {
			return nil, fmt.Errorf("%w: what it has done is not known: run the same again, or pouch-vol snapshot rm %s", err, name)
		}
		return nil, errors.Join(err, m.s.RemoveSnapshot(name))
	}
	return s, nil
}

// newSnapshot is the record of a snapshot that is to be made.
func (m *Manager) newSnapshot(volume, name string, opts map[string]string) (*record.Snapshot, error) {
	v, err := m.get(volume)
	if err != nil {
		return nil, err
	}
	if v.Foreign == nil || !v.Foreign.Made {
		return nil, errs.New(errs.Unsupported, "driver %s keeps no snapshots: those of CSI drivers may", v.Driver)
	}
	all := map[string]string{}
	for _, k := range []string{"secret", "controller", "timeout"} { // of the options of the volume those that say how to talk to the driver
		if x := v.Options[k]; x != "" {
			all[k] = x
		}
	}
	maps.Copy(all, opts)
	return &record.Snapshot{
		Name: name, ID: RandomName()[:32], Driver: v.Driver, Volume: volume, Source: v.Foreign.Handle, Options: all, Created: time.Now().UTC(),
	}, nil
}

func (m *Manager) snapshotter(ctx context.Context, driver string) (Snapshotter, error) {
	d, err := m.drivers(ctx, driver)
	if err != nil {
		return nil, err
	}
	if s, ok := d.(Snapshotter); ok {
		return s, nil
	}
	return nil, errs.New(errs.Unsupported, "driver %s keeps no snapshots: those of CSI drivers may", driver)
}

func (m *Manager) snapshotSaver(s *record.Snapshot) func() error {
	return func() error { return m.s.SetSnapshot(s) }
}

// RemoveSnapshot has the driver remove a snapshot. It fails with kind not_found when there is
// none, which is fine with force. Idempotent.
func (m *Manager) RemoveSnapshot(ctx context.Context, name string, force bool) error {
	ctx, cancel := context.WithTimeout(ctx, takeTime)
	defer cancel()
	if _, err := parse.Name("snapshot", name); err != nil {
		return err
	}
	l, err := m.s.Lock(ctx, "snapshot", name)
	if err != nil {
		return err
	}
	s, err := m.s.Snapshot(name)
	if errs.Is(err, errs.NotFound) {
		l.Remove()
		if force {
			return m.s.RemoveSnapshot(name) // its folder, which a command was killed at making
		}
		return errs.New(errs.NotFound, "no such snapshot: %s", name)
	}
	if err == nil {
		err = m.dropSnapshot(ctx, s)
	}
	if err != nil {
		l.Unlock()
		return fmt.Errorf("remove snapshot %s: %w", name, err)
	}
	l.Remove()
	return nil
}

func (m *Manager) dropSnapshot(ctx context.Context, s *record.Snapshot) error {
	if s.Asked {
		d, err := m.snapshotter(ctx, s.Driver)
		if err != nil {
			return err
		}
		s.Removing = true
		if err := m.s.SetSnapshot(s); err != nil {
			return err
		}
		if err := d.RemoveSnapshot(ctx, s, m.snapshotSaver(s)); err != nil {
			return err
		}
	}
	return m.s.RemoveSnapshot(s.Name)
}

// Snapshots lists them by name, and beside them an error for each that is broken.
func (m *Manager) Snapshots() (list []*record.Snapshot, broken []error, err error) {
	names, err := m.s.SnapshotNames()
	if err != nil {
		return nil, nil, err
	}
	for _, n := range names {
		s, err := m.s.Snapshot(n)
		switch {
		case err == nil:
			list = append(list, s)
		case !errs.Is(err, errs.NotFound):
			broken = append(broken, err)
		}
	}
	return list, broken, nil
}

// source finds what a new volume of a driver with snapshots is a copy of.
func (m *Manager) source(d Driver, v *record.Volume) (*record.VolumeSource, error) {
	if _, ok := d.(Snapshotter); !ok {
		return nil, nil
	}
	if name := v.Options[optSnapshot]; name != "" {
		s, err := m.s.Snapshot(name)
		if errs.Is(err, errs.NotFound) {
			return nil, errs.New(errs.NotFound, "option snapshot: no such snapshot: %s", name)
		}
		if err == nil {
			err = sameDriver("snapshot "+name, s.Driver, v.Driver, s.Made && !s.Removing)
		}
		return &record.VolumeSource{Snapshot: s.Handle}, err
	}
	if name := v.Options[optClone]; name != "" {
		from, err := m.get(name)
		if err == nil {
			err = sameDriver("volume "+name, from.Driver, v.Driver, from.Foreign != nil && from.Foreign.Made)
		}
		if err != nil {
			return nil, err
		}
		return &record.VolumeSource{Volume: from.Foreign.Handle}, nil
	}
	return nil, nil
}

func sameDriver(what, has, want string, made bool) error {
	if has != want {
		return errs.New(errs.Invalid, "%s is of driver %s, not %s", what, has, want)
	}
	if !made {
		return errs.New(errs.Unavailable, "%s is not complete", what)
	}
	return nil
}
