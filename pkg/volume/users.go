package volume

import (
	"os"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// users returns, for every volume that a container's record mounts, the ids of
// those containers, but for that of except. A container whose record cannot be
// read may use any volume: it is an error of kind in_use that names it.
func (m *Manager) users(except string) (map[string][]string, error) {
	ids, err := m.s.ContainerIDs()
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for _, id := range ids {
		if id == except {
			continue
		}
		c, err := m.s.Container(id)
		if errs.Is(err, errs.NotFound) {
			continue // just being made, before it has volumes, or just removed
		}
		if err != nil {
			return nil, errs.New(errs.InUse, "the record of container %s cannot be read, it may use any volume: remove it (pouch-run rm -f %s): %w", id[:12], id[:12], err)
		}
		for _, name := range named(c) {
			out[name] = append(out[name], id)
		}
	}
	return out, nil
}

// named returns the names of the volumes that c mounts, each once.
func named(c *record.Container) []string {
	var out []string
	seen := map[string]bool{}
	for _, mt := range c.Mounts {
		if mt.Type == "volume" && mt.Name != "" && !seen[mt.Name] {
			seen[mt.Name] = true
			out = append(out, mt.Name)
		}
	}
	return out
}

// active reports whether container id runs or is about to: its run folder is
// there from before its volumes are mounted until its run has been released.
func (m *Manager) active(id string) bool {
	_, err := os.Lstat(m.s.RunDir(id))
	return err == nil
}

// going reports whether all of the containers are on their way out: they are
// removed at their end, and their process has ended.
func (m *Manager) going(ids []string) bool {
	for _, id := range ids {
		c, err := m.s.Container(id)
		if errs.Is(err, errs.NotFound) {
			continue
		}
		if err != nil || !c.Policy.AutoRemove {
			return false
		}
		st, err := m.s.State(id)
		if err == nil && (st.Status == record.Creating || st.Status == record.Created || proc.Alive(st.Init)) {
			return false
		}
	}
	return true
}

// AllUsers returns, for every volume that has one, the ids of the containers,
// stopped ones too, whose records mount it. It fails with kind in_use when a
// record cannot be read.
func (m *Manager) AllUsers() (map[string][]string, error) { return m.users("") }
