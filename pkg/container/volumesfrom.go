package container

import (
	"path"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// volumesFrom gives c the volumes and binds of the containers that list names,
// container[:MODE] with a mode of ro, rw, z and Z. What c mounts itself, and what
// a later one of the list mounts, goes before.
func (m *Manager) volumesFrom(c *record.Container, list []string) error {
	taken := map[string]bool{}
	for _, mt := range c.Mounts {
		taken[path.Clean(mt.Destination)] = true
	}
	for _, from := range slices.Backward(list) {
		mounts, err := m.mountsOf(from)
		if err != nil {
			return err
		}
		for _, mt := range mounts {
			if dst := path.Clean(mt.Destination); !taken[dst] {
				taken[dst] = true
				c.Mounts = append(c.Mounts, mt)
			}
		}
	}
	return nil
}

// mountsOf are the volumes and binds of one --volumes-from.
func (m *Manager) mountsOf(from string) ([]record.Mount, error) {
	name, mode, _ := strings.Cut(from, ":")
	var words []string
	if mode != "" {
		words = strings.Split(mode, ",")
	}
	for _, w := range words {
		if !slices.Contains([]string{"ro", "rw", "z", "Z"}, w) {
			return nil, errs.New(errs.Invalid, "--volumes-from %s: invalid mode: %s: use ro, rw, z or Z", from, w)
		}
	}
	other, _, err := m.find(name)
	if err != nil {
		return nil, err
	}
	var out []record.Mount
	for _, mt := range other.Mounts {
		if mt.Type == "tmpfs" {
			continue
		}
		mt.Options = slices.Clone(mt.Options)
		switch {
		case slices.Contains(words, "ro"):
			mt.ReadOnly = true
		case slices.Contains(words, "rw"):
			mt.ReadOnly = false
		}
		for _, w := range words {
			if w == "z" || w == "Z" {
				mt.Options = append(slices.DeleteFunc(mt.Options, func(o string) bool { return strings.EqualFold(o, "z") }), w)
			}
		}
		out = append(out, mt)
	}
	return out, nil
}
