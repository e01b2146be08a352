package parse

import (
	"strconv"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Time reads the point in time of --since and --until: RFC 3339 or a part
// of it, seconds since 1970 with a fraction, or a duration before now (1m30s).
// Empty is the zero time.
func Time(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(s); err == nil {
		return now.Add(-d), nil
	}
	if t, ok := parseUnix(s); ok {
		return t, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01-02Z07:00"} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errs.New(errs.Invalid, "invalid time %q: want 2006-01-02T15:04:05Z, seconds since 1970, or a duration such as 10m", s)
}

// parseUnix reads seconds since 1970 with at most nine digits after the point.
func parseUnix(s string) (time.Time, bool) {
	whole, part, _ := strings.Cut(s, ".")
	if whole == "" || len(whole) > 11 || len(part) > 9 || strings.Trim(whole+part, "0123456789") != "" {
		return time.Time{}, false
	}
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	ns, err := strconv.ParseInt((part + "000000000")[:9], 10, 64)
	return time.Unix(sec, ns), err == nil
}
