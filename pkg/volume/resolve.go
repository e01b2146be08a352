package volume

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Plan completes a new container's mounts before its record is written, and
// changes nothing else: anonymous volumes get a name, every volume its Source,
// and a bind's source is looked at. Afterwards the record is written, then
// Provide makes the volumes: in this order a volume that a container is about
// to use is never removed. It fails with kind invalid for a mount that cannot
// be, in docker's words.
func (m *Manager) Plan(c *record.Container) error {
	seen := map[string]bool{}
	for i := range c.Mounts {
		mt := &c.Mounts[i]
		dst := path.Clean(mt.Destination)
		if !path.IsAbs(dst) || dst == "/" {
			return errs.New(errs.Invalid, "invalid mount path: '%s': it must be absolute and not /", mt.Destination)
		}
		if seen[dst] {
			return errs.New(errs.Invalid, "Duplicate mount point: %s", dst)
		}
		seen[dst] = true
		if err := m.planOne(mt); err != nil {
			return err
		}
	}
	return nil
}

func (m *Manager) planOne(mt *record.Mount) error {
	switch mt.Type {
	case "volume":
		if mt.Name == "" {
			mt.Name, mt.Anonymous = RandomName(), true
		}
		if err := CheckName(mt.Name); err != nil {
			return err
		}
		mt.Source = m.s.VolumeData(mt.Name)
	case "bind":
		return checkBind(mt)
	}
	return nil
}

// checkBind looks whether a bind's source can be mounted.
func checkBind(mt *record.Mount) error {
	if !filepath.IsAbs(mt.Source) {
		return errs.New(errs.Invalid, "invalid mount config for type \"bind\": source %s: it must be an absolute path", mt.Source)
	}
	_, err := os.Stat(mt.Source)
	switch {
	case err == nil, mt.CreateSource && errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return errs.New(errs.Invalid, "invalid mount config for type \"bind\": bind source path does not exist: %s", mt.Source)
	}
	return errs.New(errs.Invalid, "invalid mount config for type \"bind\": %w", err)
}

// Provide makes ready what a container's mounts need, before each of its
// starts: missing volumes are made, and missing sources of -v are made as
// folders, each told in warnings. The container's record is written. It fails with the kinds
// of Create, and with kind invalid when a bind's source is gone. Idempotent.
func (m *Manager) Provide(ctx context.Context, c *record.Container) (warnings []string, err error) {
	for _, mt := range c.Mounts {
		switch mt.Type {
		case "volume":
			err = m.provideVolume(ctx, mt)
		case "bind":
			var made bool
			if made, err = provideBind(mt); made {
				warnings = append(warnings, fmt.Sprintf("-v %s: no such file or folder on the host: made an empty folder", mt.Source))
			}
		}
		if err != nil {
			return warnings, err
		}
	}
	return warnings, nil
}

// provideVolume takes the lock even when the volume is there: a removal that
// looked for users before c's record was written has ended then.
func (m *Manager) provideVolume(ctx context.Context, mt record.Mount) error {
	want, err := m.wanted(mt)
	if err != nil {
		return fmt.Errorf("volume %s: %w", mt.Name, err)
	}
	if isForeign(want.Driver) {
		if _, err := m.create(ctx, want); err != nil {
			return err
		}
	}
	l, err := m.lockPatiently(ctx, mt.Name)
	if err != nil {
		return fmt.Errorf("volume %s: %w", mt.Name, err)
	}
	defer l.Unlock()
	v, err := m.s.Volume(mt.Name)
	switch {
	case errs.Is(err, errs.NotFound):
		_, err = m.createLocked(want)
	case err == nil && mt.Volume != nil && !asWanted(v, want, mt.Volume):
		err = same(v, want)
	case err == nil && !onDevice(v):
		if _, derr := os.Stat(m.s.VolumeData(mt.Name)); errors.Is(derr, fs.ErrNotExist) {
			err = errs.New(errs.Corrupt, "%s is not there", m.s.VolumeData(mt.Name))
		} else {
			err = m.keepLimit(ctx, v)
		}
	}
	return damaged(mt.Name, err)
}

// asWanted reports whether the volume that is there may be used where want was
// asked for by n: without a driver any is fine.
func asWanted(v, want *record.Volume, n *record.NewVolume) bool {
	if n.Driver == "" {
		want.Driver = v.Driver
	}
	return same(v, want) == nil
}

// wanted is the volume that is made for mt when there is none. It fails with kind
// invalid, or not_found for an unknown driver.
func (m *Manager) wanted(mt record.Mount) (*record.Volume, error) {
	v := &record.Volume{Name: mt.Name, Driver: Local, Anonymous: mt.Anonymous, Created: time.Now().UTC()}
	if n := mt.Volume; n != nil {
		v.Options, v.Labels = n.Options, n.Labels
		if n.Driver != "" {
			v.Driver = n.Driver
		}
	}
	return v, check(v)
}

// damaged says of a volume that cannot be used what to do.
func damaged(name string, err error) error {
	if !errs.Is(err, errs.Corrupt) {
		return err
	}
	return fmt.Errorf("volume %s is damaged: %w: pouch-vol rm -f %s removes it with its data", name, err, name)
}

func provideBind(mt record.Mount) (made bool, err error) {
	if err := checkBind(&mt); err != nil || !mt.CreateSource {
		return false, err
	}
	if _, err := os.Stat(mt.Source); err == nil {
		return false, nil
	}
	if to, err := os.Readlink(mt.Source); err == nil {
		return false, errs.New(errs.Invalid, "-v %s: a symbolic link to %s, which is not there", mt.Source, to)
	}
	if err := os.MkdirAll(mt.Source, 0o755); err != nil {
		return false, fmt.Errorf("-v %s: make the missing folder: %w", mt.Source, err)
	}
	return true, nil
}
