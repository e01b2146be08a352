// Package volume is the noun: volumes and what can be done with them, one file
// an operation. A volume is a folder, volumes/<name>, with its record and the
// data that containers see, _data; with the options type, o and device, _data
// is where that is mounted while a container uses it. Who uses a volume is
// derived from the containers' records.
package volume

import (
	"context"
	"maps"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/events"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// Local is the name of the driver that keeps volumes in folders.
const Local = "local"

// Manager has the operations. Its methods are safe for use by any number of
// processes at once.
type Manager struct {
	s       *store.Store
	drivers Drivers // nil: pouch-vol is run for what needs one
}

// Open returns the manager of s's volumes. It does nothing yet.
func Open(s *store.Store) *Manager { return &Manager{s: s} }

// event tells what happened to a volume.
func (m *Manager) event(v *record.Volume, action string, more record.Labels) {
	a := record.Labels{"driver": v.Driver}
	maps.Copy(a, more)
	events.Emit(m.s, record.Event{Type: "volume", Action: action, ID: v.Name, Attributes: a})
}

// eventOf is event of a volume that may have no record.
func (m *Manager) eventOf(name, action string, more record.Labels) {
	v, err := m.s.Volume(name)
	if err != nil {
		v = &record.Volume{Name: name, Driver: Local}
	}
	m.event(v, action, more)
}

// CheckName fails with kind invalid unless name can name a volume:
// [a-zA-Z0-9][a-zA-Z0-9_.-]+.
func CheckName(name string) error {
	_, err := parse.Name("volume", name)
	return err
}

// lock takes the lock of a volume whose name was checked.
func (m *Manager) lock(ctx context.Context, name string) (*fsx.Lock, error) {
	return m.s.Lock(ctx, "v", name)
}

// get reads a volume's record; a missing one gives kind not_found in the words
// that people know.
func (m *Manager) get(name string) (*record.Volume, error) {
	if CheckName(name) != nil {
		return nil, missing(name)
	}
	v, err := m.s.Volume(name)
	if errs.Is(err, errs.NotFound) {
		return nil, missing(name)
	}
	return v, damaged(name, err)
}

func missing(name string) error {
	return errs.New(errs.NotFound, "get %s: no such volume", name)
}

// onDevice reports whether the volume's data lies elsewhere than in its folder.
func onDevice(v *record.Volume) bool { return isForeign(v.Driver) || v.Options["type"] != "" }
