package image

import (
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

// PruneFilter reads the filters of prune: until=TIME, label and label! with KEY or
// KEY=VALUE. What it returns tells which images stay. Another key, or a time that is
// none, is of kind invalid.
func PruneFilter(filters []string, now time.Time) (keep func(Entry) bool, err error) {
	var tests []func(Entry) bool
	for _, f := range filters {
		key, val, _ := strings.Cut(f, "=")
		switch key {
		case "until":
			t, err := parse.Time(val, now)
			if err != nil {
				return nil, err
			}
			tests = append(tests, func(e Entry) bool { return e.Created.Before(t) })
		case "label", "label!":
			name, want, given := strings.Cut(val, "=")
			tests = append(tests, func(e Entry) bool {
				got, ok := e.Labels[name]
				return (ok && (!given || got == want)) == (key == "label")
			})
		default:
			return nil, errs.New(errs.Invalid, "invalid filter '%s': until, label or label!", key)
		}
	}
	return func(e Entry) bool {
		for _, ok := range tests {
			if !ok(e) {
				return true
			}
		}
		return false
	}, nil
}
