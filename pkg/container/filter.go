package container

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Filters are the --filter of ps: of the values of one key one must fit, of the
// keys all must.
type Filters map[string][]string

// ParseFilters parses key=value words. It fails with kind invalid for a word
// without a key or a key that does not exist.
func ParseFilters(words []string) (Filters, error) {
	byKey, err := parse.Filters(words)
	if err != nil {
		return nil, err
	}
	f := Filters(byKey)
	return f, f.check()
}

// check finds the keys and values that mean nothing.
func (f Filters) check() error {
	for key, values := range f {
		if matcher(key) == nil {
			return errs.New(errs.Invalid, "invalid filter '%s'", key)
		}
		for _, v := range values {
			if !sensible(key, v) {
				return errs.New(errs.Invalid, "invalid filter '%s=%s'", key, v)
			}
		}
	}
	return nil
}

func sensible(key, value string) bool {
	switch key {
	case "status":
		known := []record.Status{record.Created, record.Running, record.Paused, record.Restarting, record.Exited, record.Removing, "dead"}
		return slices.Contains(known, record.Status(value))
	case "exited":
		_, err := strconv.Atoi(value)
		return err == nil
	case "health":
		return slices.Contains([]string{"starting", "healthy", "unhealthy", "none"}, value)
	case "is-task":
		_, err := strconv.ParseBool(value)
		return err == nil
	case "publish", "expose":
		_, err := parse.Expose(value)
		return err == nil
	}
	return true
}

func (f Filters) match(c *record.Container, st *record.State) bool {
	for key, values := range f {
		fits := matcher(key)
		if !slices.ContainsFunc(values, func(v string) bool { return fits(v, c, st) }) {
			return false
		}
	}
	return true
}

// matcher returns the test of a key, nil for a key that does not exist.
func matcher(key string) func(value string, c *record.Container, st *record.State) bool {
	switch key {
	case "id":
		return func(v string, c *record.Container, _ *record.State) bool { return pattern(v, c.ID) }
	case "name":
		return func(v string, c *record.Container, _ *record.State) bool {
			return pattern(v, c.Name) || pattern(v, "/"+c.Name)
		}
	case "label":
		return func(v string, c *record.Container, _ *record.State) bool { return hasLabel(v, c.Labels) }
	case "status":
		return func(v string, _ *record.Container, st *record.State) bool { return record.Status(v) == st.Status }
	case "exited":
		return hasExited
	case "ancestor":
		return func(v string, c *record.Container, _ *record.State) bool { return fromImage(v, c.Image) }
	case "network":
		return inNetwork
	case "before":
		return func(v string, c *record.Container, _ *record.State) bool { return c.Created.Before(instant(v)) }
	case "since":
		return func(v string, c *record.Container, _ *record.State) bool { return c.Created.After(instant(v)) }
	case "health":
		return func(v string, _ *record.Container, st *record.State) bool { return v == healthWord(st) }
	case "is-task":
		return func(v string, _ *record.Container, _ *record.State) bool {
			task, _ := strconv.ParseBool(v)
			return !task
		}
	case "publish":
		return func(v string, _ *record.Container, st *record.State) bool {
			return anyPort(v, st.Ports, func(p record.Port) uint16 { return p.HostPort })
		}
	case "expose":
		return func(v string, c *record.Container, st *record.State) bool {
			return anyPort(v, append(slices.Clip(st.Ports), c.Ports...), func(p record.Port) uint16 { return p.ContainerPort })
		}
	case "volume":
		return func(v string, c *record.Container, _ *record.State) bool {
			return slices.ContainsFunc(c.Mounts, func(m record.Mount) bool {
				return v == m.Name || v == m.Destination || v == m.Source
			})
		}
	}
	return nil
}

// pattern reports whether the regular expression p is found in s; a p that is
// none is looked for as it stands.
func pattern(p, s string) bool {
	if strings.HasPrefix(s, p) {
		return true
	}
	re, err := regexp.Compile(p)
	if err != nil {
		return strings.Contains(s, p)
	}
	return re.MatchString(s)
}

func hasLabel(want string, labels record.Labels) bool {
	key, value, withValue := strings.Cut(want, "=")
	got, ok := labels[key]
	return ok && (!withValue || got == value)
}

func hasExited(v string, _ *record.Container, st *record.State) bool {
	code, err := strconv.Atoi(v)
	return err == nil && st.Status == record.Exited && st.ExitCode == code
}

func inNetwork(v string, c *record.Container, st *record.State) bool {
	if c.NetworkMode == v {
		return true
	}
	return slices.ContainsFunc(c.Networks, func(j record.Join) bool { return j.Network == v }) ||
		slices.ContainsFunc(st.Networks, func(j record.Joined) bool {
			return j.Network == v || len(v) >= 12 && strings.HasPrefix(j.ID, v)
		})
}

// fromImage reports whether v is img: by reference, or by id.
func fromImage(v string, img record.Image) bool {
	if ref, err := imageref.Normalize(v); err == nil && ref == img.Ref {
		return true
	}
	hex := imageref.IDPrefix(v)
	return hex != "" && strings.HasPrefix(img.ConfigDigest, "sha256:"+hex) || v == img.Digest
}
