package events

import (
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Filters are the --filter of events, as docker has them: of the values of one
// key one must fit, of the keys, and of the labels, all must.
type Filters map[string][]string

// ParseFilters parses key=value words. It fails with kind invalid for a word
// without a key or a key that does not exist.
func ParseFilters(words []string) (Filters, error) {
	f, err := parse.Filters(words)
	if err != nil {
		return nil, err
	}
	for key := range f {
		if matcher(key) == nil {
			return nil, errs.New(errs.Invalid, "invalid filter '%s': one of type, event, container, image, network, volume, label, scope", key)
		}
	}
	return f, nil
}

// Match reports whether e fits.
func (f Filters) Match(e *record.Event) bool {
	for key, values := range f {
		fits := matcher(key)
		if !parse.Fits(key, values, func(v string) bool { return fits(v, e) }) {
			return false
		}
	}
	return true
}

func matcher(key string) func(value string, e *record.Event) bool {
	switch key {
	case "type":
		return func(v string, e *record.Event) bool { return v == e.Type }
	case "event":
		return isAction
	case "container", "network", "volume":
		return func(v string, e *record.Event) bool { return e.Type == key && isObject(v, e) }
	case "image":
		return ofImage
	case "label":
		return func(v string, e *record.Event) bool {
			key, want, valued := strings.Cut(v, "=")
			got, ok := e.Attributes[key]
			return ok && (!valued || got == want)
		}
	case "scope":
		return func(v string, _ *record.Event) bool { return v == "local" }
	}
	return nil
}

// isAction: some actions have more behind a colon, as health_status: healthy.
func isAction(v string, e *record.Event) bool {
	word, _, _ := strings.Cut(e.Action, ":")
	return v == e.Action || v == word
}

func isObject(v string, e *record.Event) bool {
	return v != "" && (v == e.Attributes["name"] || strings.HasPrefix(e.ID, v))
}

// ofImage: the image itself, or a container of it, with or without a tag.
func ofImage(v string, e *record.Event) bool {
	name := e.Attributes["image"]
	switch e.Type {
	case "image":
		name = e.Attributes["name"]
		if v != "" && (v == e.ID || strings.HasPrefix(strings.TrimPrefix(e.ID, "sha256:"), v)) {
			return true
		}
	case "container":
	default:
		return false
	}
	return v == name || v == untagged(name)
}

// untagged is an image's name without tag and digest.
func untagged(name string) string {
	name, _, _ = strings.Cut(name, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		return name[:i]
	}
	return name
}
