package parse

import (
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

func TestTime(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for s, want := range map[string]time.Time{
		"":                          {},
		"90s":                       now.Add(-90 * time.Second),
		"1m30s":                     now.Add(-90 * time.Second),
		"1767323045":                time.Unix(1767323045, 0),
		"1767323045.5":              time.Unix(1767323045, 5e8),
		"2026-01-02T03:04:05Z":      now,
		"2026-01-02T05:04:05+02:00": now,
		"2026-01-02":                time.Date(2026, 1, 2, 0, 0, 0, 0, time.Local),
	} {
		if got, err := Time(s, now); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"yesterday", "2026", "-1e99", "NaN", "1e400"} {
		if got, err := Time(s, now); s != "2026" && !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
}
