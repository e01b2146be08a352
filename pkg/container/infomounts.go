package container

import (
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/volume"
)

// infoMounts are the volumes and binds; a tmpfs stands in HostConfig.Tmpfs.
func (m *Manager) infoMounts(c *record.Container) []InfoMount {
	out := []InfoMount{}
	for _, mt := range c.Mounts {
		if mt.Type == "tmpfs" {
			continue
		}
		i := InfoMount{
			Type: mt.Type, Name: mt.Name, Source: mt.Source, Destination: mt.Destination,
			Mode: strings.Join(modes(mt), ","), RW: !mt.ReadOnly, Propagation: mt.Propagation,
		}
		if mt.Type == "volume" {
			i.Driver = m.driverOf(mt.Name)
		} else if i.Propagation == "" {
			i.Propagation = "rprivate"
		}
		out = append(out, i)
	}
	return out
}

// driverOf is the driver of a volume; of one that is gone nobody knows another than the
// usual one.
func (m *Manager) driverOf(name string) string {
	if v, err := m.Store.Volume(name); err == nil {
		return v.Driver
	}
	return volume.Local
}

// binds are the mounts as -v has them.
func binds(c *record.Container) []string {
	var out []string
	for _, m := range c.Mounts {
		src := m.Source
		if m.Type == "volume" {
			src = m.Name
		}
		if m.Type == "tmpfs" || m.Anonymous {
			continue
		}
		opts := modes(m)
		b := src + ":" + m.Destination
		if len(opts) > 0 {
			b += ":" + strings.Join(opts, ",")
		}
		out = append(out, b)
	}
	return out
}

// modes are the options of -v.
func modes(m record.Mount) []string {
	if m.ReadOnly {
		return append([]string{"ro"}, m.Options...)
	}
	return m.Options
}

func tmpfs(c *record.Container) map[string]string {
	var out map[string]string
	for _, m := range c.Mounts {
		if m.Type != "tmpfs" {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[m.Destination] = strings.Join(m.Options, ",")
	}
	return out
}
