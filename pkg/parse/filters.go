package parse

import (
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
