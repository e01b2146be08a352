package command

import (
	"maps"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// mount writes -v or --tmpfs where these can say it, else --mount, whose fields
// may hold a colon.
func (l *line) mount(m record.Mount) {
	switch {
	case m.Type == "tmpfs" && !m.ReadOnly && !strings.Contains(m.Destination, ":"):
		v := m.Destination
		if len(m.Options) > 0 {
			v += ":" + strings.Join(m.Options, ",")
		}
		l.add("tmpfs", v)
	case m.Type == "tmpfs":
		l.add("mount", csv(append(mountFields(m, ""), l.tmpfsFields(m)...)...))
	case volumeFlag(m):
		l.add("volume", volume(m))
	default:
		l.add("mount", csv(append(mountFields(m, source(m)), l.bindFields(m)...)...))
	}
}

func source(m record.Mount) string {
	switch {
	case m.Type == "bind":
		return m.Source
	case m.Anonymous:
		return ""
	}
	return m.Name
}

// volumeFlag reports whether -v can say m: a bind by -v has a source that may be
// missing, and neither side a colon.
func volumeFlag(m record.Mount) bool {
	if m.Subpath != "" || m.Volume != nil {
		return false
	}
	onlyWords := !slices.ContainsFunc(m.Options, func(o string) bool { return len(bindRecursive(o)) > 0 })
	return onlyWords && source(m) != "" && !strings.Contains(m.Source+m.Destination, ":") && (m.Type != "bind" || m.CreateSource)
}

func volume(m record.Mount) string {
	var words []string
	if m.ReadOnly {
		words = append(words, "ro")
	}
	words = append(words, m.Options...)
	if m.Propagation != "" {
		words = append(words, m.Propagation)
	}
	if m.NoCopy {
		words = append(words, "nocopy")
	}
	out := source(m) + ":" + m.Destination
	if len(words) > 0 {
		out += ":" + strings.Join(words, ",")
	}
	return out
}

func mountFields(m record.Mount, source string) []string {
	out := []string{"type=" + m.Type}
	if source != "" {
		out = append(out, "source="+source)
	}
	out = append(out, "target="+m.Destination)
	if m.ReadOnly {
		out = append(out, "readonly")
	}
	return out
}

func (l *line) bindFields(m record.Mount) []string {
	var out []string
	if m.Propagation != "" {
		out = append(out, "bind-propagation="+m.Propagation)
	}
	if m.CreateSource {
		out = append(out, "bind-create-src")
	}
	if m.NoCopy {
		out = append(out, "volume-nocopy")
	}
	out = append(out, volumeFields(m)...)
	for _, o := range m.Options {
		word := bindRecursive(o)
		if word == "" {
			l.warn("mount " + m.Destination + ": the option " + o + " is left out: --mount does not know it")
			continue
		}
		out = append(out, "bind-recursive="+word)
	}
	return out
}

// volumeFields say what of a volume is mounted, and how one is made.
func volumeFields(m record.Mount) []string {
	var out []string
	if m.Subpath != "" {
		out = append(out, "volume-subpath="+m.Subpath)
	}
	if m.Volume == nil {
		return out
	}
	if m.Volume.Driver != "" {
		out = append(out, "volume-driver="+m.Volume.Driver)
	}
	for _, k := range slices.Sorted(maps.Keys(m.Volume.Options)) {
		out = append(out, "volume-opt="+k+"="+m.Volume.Options[k])
	}
	for _, k := range slices.Sorted(maps.Keys(m.Volume.Labels)) {
		out = append(out, "volume-label="+k+"="+m.Volume.Labels[k])
	}
	return out
}

// bindRecursive is the value of bind-recursive for an option of the record.
func bindRecursive(option string) string {
	switch option {
	case parse.BindNonRecursive:
		return "disabled"
	case parse.BindReadOnlyTop:
		return "writable"
	case parse.BindReadOnlyAllForce:
		return "readonly"
	}
	return ""
}

func (l *line) tmpfsFields(m record.Mount) []string {
	var out []string
	for _, o := range m.Options {
		if !strings.HasPrefix(o, "size=") && !strings.HasPrefix(o, "mode=") {
			l.warn("tmpfs " + m.Destination + ": the option " + o + " is left out: --mount does not know it")
			continue
		}
		out = append(out, "tmpfs-"+o)
	}
	return out
}
