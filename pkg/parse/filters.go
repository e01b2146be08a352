package parse

import (
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Filters reads the key=value words of --filter; a key may come again. A word
// without a key is of kind invalid.
func Filters(words []string) (map[string][]string, error) {
	f := map[string][]string{}
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		if !ok {
			return nil, errs.New(errs.Invalid, "invalid filter %q: want key=value", w)
		}
		key = strings.ToLower(strings.TrimSpace(key))
		f[key] = append(f[key], strings.TrimSpace(value))
	}
	return f, nil
}

// Fits reports whether an object of which is tells what holds passes the values of
// one key: as in docker all labels must hold, and of another key's values one.
func Fits[T any](key string, values []T, is func(T) bool) bool {
	if key == "label" || key == "label!" {
		return !slices.ContainsFunc(values, func(v T) bool { return !is(v) })
	}
	return slices.ContainsFunc(values, is)
}
