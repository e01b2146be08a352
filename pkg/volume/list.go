package volume

import (
	"slices"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Info is a volume as inspect prints it; the names of the JSON are docker's.
type Info struct {
	CreatedAt  record.Stamp      `json:"CreatedAt"`
	Driver     string            `json:"Driver"`
	Labels     record.Labels     `json:"Labels"`
	Mountpoint string            `json:"Mountpoint"` // on the host
	Name       string            `json:"Name"`
	Options    map[string]string `json:"Options"`
	Scope      string            `json:"Scope"` // local or global
	Anonymous  bool              `json:"Anonymous,omitempty"`
	Status     map[string]any    `json:"Status,omitempty"` // limit and use of one with a limit; what another driver tells
}

// Inspect returns a volume. It fails with kind not_found for a missing one, and
// with kind corrupt, naming the file, for one whose record is broken.
func (m *Manager) Inspect(name string) (*Info, error) {
	v, err := m.get(name)
	if err != nil {
		return nil, err
	}
	scope := v.Scope
	if scope == "" {
		scope = "local"
	}
	return &Info{
		CreatedAt:  record.Stamp{Time: v.Created},
		Driver:     v.Driver,
		Labels:     v.Labels,
		Mountpoint: m.s.VolumeData(v.Name),
		Name:       v.Name,
		Options:    v.Options,
		Scope:      scope,
		Anonymous:  v.Anonymous,
		Status:     m.limitStatus(v),
	}, nil
}

// List returns the volumes by name, and beside them an error for each one that
// is broken. The anonymous volumes of a container that is on its way out, which
// go with it, are left out.
func (m *Manager) List() (volumes []*Info, broken []error, err error) {
	names, err := m.s.VolumeNames()
	if err != nil {
		return nil, nil, err
	}
	for _, n := range names {
		v, err := m.Inspect(n)
		switch {
		case err == nil:
			volumes = append(volumes, v)
		case errs.Is(err, errs.NotFound):
			if _, err := m.s.Volume(n); errs.Is(err, errs.NotFound) && m.isLeft(n) {
				broken = append(broken, errs.New(errs.Corrupt, "volume %s: its folder has no record: pouch-vol rm -f %s removes it", n, n))
			}
		default:
			broken = append(broken, err)
		}
	}
	return m.staying(volumes), broken, nil
}

// staying leaves out the anonymous volumes that go with their container just
// now: who has seen the end of run --rm shall not see its volumes.
func (m *Manager) staying(volumes []*Info) []*Info {
	if !slices.ContainsFunc(volumes, func(v *Info) bool { return v.Anonymous }) {
		return volumes
	}
	users, err := m.users("")
	if err != nil {
		return volumes
	}
	return slices.DeleteFunc(volumes, func(v *Info) bool {
		ids := users[v.Name]
		return v.Anonymous && len(ids) > 0 && m.going(ids)
	})
}
