package container

import (
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// infoMounts are the volumes and binds; a tmpfs stands in HostConfig.Tmpfs.
func infoMounts(c *record.Container) []InfoMount {
	out := []InfoMount{}
	for _, m := range c.Mounts {
		if m.Type == "tmpfs" {
			continue
		}
		i := InfoMount{
			Type: m.Type, Name: m.Name, Source: m.Source, Destination: m.Destination,
			Mode: strings.Join(modes(m), ","), RW: !m.ReadOnly, Propagation: m.Propagation,
		}
		if m.Type == "volume" {
			i.Driver = "local"
		} else if i.Propagation == "" {
			i.Propagation = "rprivate"
		}
		out = append(out, i)
	}
	return out
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
