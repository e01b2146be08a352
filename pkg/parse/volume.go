package parse

import (
	"path"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// maxPath is PATH_MAX, path_resolution(7).
const maxPath = 4096

// Propagations of a bind mount: mount_namespaces(7), with and without the tree
// below.
func Propagations() []string {
	return []string{"private", "rprivate", "shared", "rshared", "slave", "rslave"}
}

// Volume reads one --volume: dst alone (an anonymous volume), or src:dst[:opts].
// src with a slash or a dot in front is a path of the host, made absolute with
// cwd; else it names a volume. opts is a list of ro, rw, z, Z, nocopy (volumes),
// U, idmap, a propagation (binds), and cached, delegated or consistent, which mean
// something on other systems alone. A bind's missing source may be made.
func Volume(s, cwd string) (record.Mount, error) {
	if err := checkText("volume", s); err != nil {
		return record.Mount{}, err
	}
	parts := strings.Split(s, ":")
	if s == "" || len(parts) > 3 || slices.Contains(parts, "") {
		return record.Mount{}, invalid("invalid volume specification: '%s': write it as [source:]destination[:options]", s)
	}
	if len(parts) == 1 {
		dst, err := Destination(parts[0])
		if err != nil {
			return record.Mount{}, invalid("invalid volume specification: '%s': %w", s, err)
		}
		return record.Mount{Type: "volume", Destination: dst, Anonymous: true}, nil
	}
	m := record.Mount{}
	if err := setSource(&m, parts[0], cwd); err != nil {
		return record.Mount{}, invalid("invalid volume specification: '%s': %w", s, err)
	}
	var err error
	if m.Destination, err = Destination(parts[1]); err != nil {
		return record.Mount{}, invalid("invalid volume specification: '%s': %w", s, err)
	}
	if len(parts) == 3 {
		if err := volumeOptions(&m, parts[2]); err != nil {
			return record.Mount{}, invalid("invalid volume specification: '%s': %w", s, err)
		}
	}
	return m, nil
}

// setSource decides between a path of the host and a volume's name.
func setSource(m *record.Mount, src, cwd string) error {
	switch {
	case src[0] == '/':
		src = path.Clean(src)
	case src[0] == '.':
		if cwd == "" {
			return invalid("%s begins in the working directory, which is not there any more", src)
		}
		src = path.Join(cwd, src)
	default:
		m.Type = "volume"
		name, err := Name("volume", src)
		if err != nil {
			if len(src) == 1 {
				return invalid("%w", err)
			}
			return invalid("%q includes invalid characters for a volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed; to pass a host directory, use an absolute path", src)
		}
		m.Name = name
		return nil
	}
	if len(src) >= maxPath {
		return invalid("path is longer than %d bytes", maxPath)
	}
	m.Type, m.Source, m.CreateSource = "bind", src, true
	return nil
}

// Destination checks a path inside a container: absolute, not the root itself.
// It comes back clean.
func Destination(s string) (string, error) {
	if err := checkText("path", s); err != nil {
		return "", err
	}
	switch clean := path.Clean(s); {
	case !path.IsAbs(s):
		return "", invalid("invalid mount path: '%s' mount path must be absolute", s)
	case clean == "/":
		return "", invalid("invalid specification: destination can't be '/'")
	case len(clean) >= maxPath:
		return "", invalid("path is longer than %d bytes", maxPath)
	default:
		return clean, nil
	}
}

// volumeOptions reads the third field of --volume.
func volumeOptions(m *record.Mount, s string) error {
	var mode, label, consistency string
	for o := range strings.SplitSeq(s, ",") {
		seen := &mode
		switch {
		case o == "ro" || o == "rw":
			m.ReadOnly = o == "ro"
		case o == "z" || o == "Z":
			seen = &label
			m.Options = append(m.Options, o)
		case o == "cached" || o == "delegated" || o == "consistent":
			seen = &consistency
		case o == "nocopy" && m.Type == "volume" && !m.NoCopy:
			m.NoCopy = true
			continue
		case (o == "U" || o == "idmap") && !slices.Contains(m.Options, o):
			m.Options = append(m.Options, o)
			continue
		case m.Type == "bind" && m.Propagation == "" && slices.Contains(Propagations(), o):
			m.Propagation = o
			continue
		default:
			return invalid("invalid mode: %s", s)
		}
		if *seen != "" {
			return invalid("invalid mode: %s", s)
		}
		*seen = o
	}
	return nil
}
