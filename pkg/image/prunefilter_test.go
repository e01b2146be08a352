package image

import (
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// TestPruneFilter: of an image of yesterday with the label a=b, what stays.
func TestPruneFilter(t *testing.T) {
	now := time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC)
	e := Entry{Created: now.Add(-24 * time.Hour), Labels: map[string]string{"a": "b"}}
	for filter, stays := range map[string]bool{
		"until=1h": false, "until=48h": true,
		"label=a": false, "label=a=b": false, "label=a=c": true, "label=x": true,
		"label!=a": true, "label!=x": false,
	} {
		keep, err := PruneFilter([]string{filter}, now)
		if err != nil || keep(e) != stays {
			t.Errorf("%s: %v", filter, err)
		}
	}
	for _, bad := range []string{"x=y", "until=never"} {
		if _, err := PruneFilter([]string{bad}, now); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
