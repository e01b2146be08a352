package volume

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// CreateOptions say what volume to make.
type CreateOptions struct {
	Name    string            // empty: 64 random hex digits, and anonymous
	Driver  string            // empty: local; csi:ADDRESS; or the name of a plugin of docker's
	Options map[string]string // the driver's; of local: type, o and device, as docker has them
	Labels  record.Labels
}

// Create makes a volume, or returns the one that has the name already; one that a
// killed command has left half made is completed. It fails
// with kind conflict when that one has another driver or other options, and
// with kind invalid for a bad name or bad options. Idempotent.
func (m *Manager) Create(ctx context.Context, o CreateOptions) (*record.Volume, error) {
	v := &record.Volume{Name: o.Name, Driver: o.Driver, Options: o.Options, Labels: o.Labels, Created: time.Now().UTC()}
	if v.Driver == "" {
		v.Driver = Local
	}
	if v.Name == "" {
		v.Name, v.Anonymous = RandomName(), true
	}
	return m.create(ctx, v)
}

func (m *Manager) create(ctx context.Context, v *record.Volume) (*record.Volume, error) {
	if err := check(v); err != nil {
		return nil, fmt.Errorf("create volume %s: %w", v.Name, err)
	}
	if isForeign(v.Driver) {
		made, err := m.createForeign(ctx, v)
		if err != nil && !errs.Is(err, errs.Conflict) {
			err = fmt.Errorf("create volume %s: %w", v.Name, err)
		}
		return made, err
	}
	l, err := m.lock(ctx, v.Name)
	if err != nil {
		return nil, fmt.Errorf("create volume %s: %w", v.Name, err)
	}
	defer l.Unlock()
	return m.createLocked(v)
}

// createLocked is create for who holds the volume's lock.
func (m *Manager) createLocked(v *record.Volume) (*record.Volume, error) {
	old, err := m.s.Volume(v.Name)
	if err == nil {
		return old, same(old, v)
	}
	if !errs.Is(err, errs.NotFound) {
		return nil, fmt.Errorf("create volume %s: %w", v.Name, err)
	}
	if err := m.clearStaging(v.Name); err != nil {
		return nil, fmt.Errorf("create volume %s: %w", v.Name, err)
	}
	err = m.make(v)
	if errors.Is(err, fs.ErrExist) {
		return nil, errs.New(errs.Conflict, "create volume %s: its folder has no record: pouch-vol rm -f %s removes it with its data", v.Name, v.Name)
	}
	if err != nil {
		return nil, fmt.Errorf("create volume %s: %w", v.Name, err)
	}
	slog.Debug("volume made", "name", v.Name)
	m.event(v, "create", nil)
	return v, nil
}

// same fails with kind conflict when want asks for another volume than old.
// Asking for no options asks for the volume as it is.
func same(old, want *record.Volume) error {
	if old.Driver != want.Driver {
		return errs.New(errs.Conflict, "create volume %s: the name is taken by a volume of driver %s: remove that or choose another name", old.Name, old.Driver)
	}
	if len(want.Options) > 0 && !maps.Equal(old.Options, want.Options) {
		return errs.New(errs.Conflict, "create volume %s: the volume exists with other options: remove it or choose another name", old.Name)
	}
	return nil
}

func check(v *record.Volume) error {
	if err := CheckName(v.Name); err != nil {
		return err
	}
	if isForeign(v.Driver) {
		return nil // its driver looks at them
	}
	return checkOptions(v.Options)
}

// RandomName returns a name for an anonymous volume: 64 hex digits.
func RandomName() string {
	var b [32]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
