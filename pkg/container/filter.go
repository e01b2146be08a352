package container

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Filters are the --filter of ps: of the values of one key one must fit, of the
// keys, and of the labels, all must.
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
			return errs.New(errs.Invalid, "invalid filter '%s': one of %s", key, FilterKeys)
		}
		for _, v := range values {
			if want, ok := sensible(key, v); !ok {
				return errs.New(errs.Invalid, "invalid filter '%s=%s': %s", key, v, want)
			}
		}
	}
	return nil
}

// FilterKeys are the keys that there are.
const FilterKeys = "id, name, label, label!, status, health, exited, ancestor, network, volume, publish, expose, before, since, until, is-task"

// sensible tells whether a key has such values, and what they are.
func sensible(key, value string) (want string, ok bool) {
	switch key {
	case "status":
		return oneOf(value, string(record.Created), string(record.Running), string(record.Paused), string(record.Restarting),
			string(record.Exited), string(record.Removing), "dead")
	case "exited":
		_, err := strconv.Atoi(value)
		return "an exit code", err == nil
	case "health":
		return oneOf(value, "starting", "healthy", "unhealthy", "none")
	case "is-task":
		_, err := strconv.ParseBool(value)
		return "true or false", err == nil
	case "publish", "expose":
		_, err := parse.Expose(value)
		return "PORT[-PORT][/PROTOCOL]", err == nil
	case "until":
		at, err := parse.Time(value, time.Now())
		return "a time such as 2006-01-02T15:04:05Z, or how long ago, as 24h", err == nil && !at.IsZero()
	}
	return "", true
}

func oneOf(value string, known ...string) (want string, ok bool) {
	return "one of " + strings.Join(known, ", "), slices.Contains(known, value)
}

func (f Filters) match(c *record.Container, st *record.State) bool {
	for key, values := range f {
		fits := matcher(key)
		if !parse.Fits(key, values, func(v string) bool { return fits(v, c, st) }) {
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
	case "label!":
		return func(v string, c *record.Container, _ *record.State) bool { return !hasLabel(v, c.Labels) }
	case "status":
		return func(v string, _ *record.Container, st *record.State) bool { return record.Status(v) == st.Status }
	case "exited":
		return hasExited
	case "ancestor":
		return func(v string, c *record.Container, _ *record.State) bool { return fromImage(v, c.Image) }
	case "network":
		return inNetwork
	case "before", "until": // resolved has made times of them
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
