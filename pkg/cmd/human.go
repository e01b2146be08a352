package cmd

import (
	"time"

	"github.com/docker/go-units"
)

// HumanSize is a size in bytes as lists show it: 1.24GB (powers of 1000).
func HumanSize(bytes int64) string {
	return units.HumanSizeWithPrecision(float64(bytes), 3)
}

// HumanDuration is a time span as lists show it: 5 minutes, About an hour.
func HumanDuration(d time.Duration) string { return units.HumanDuration(d) }

// Ago is how long ago t was: 5 minutes ago; N/A for no time, and for the beginning of
// Unix time, which reproducible builds write.
func Ago(t time.Time) string {
	if t.IsZero() || t.Equal(time.Unix(0, 0)) {
		return "N/A"
	}
	return units.HumanDuration(time.Since(t)) + " ago"
}

// ShortID is the first 12 digits of an id, without the name of its hash.
func ShortID(id string) string {
	if len(id) > 7 && id[:7] == "sha256:" {
		id = id[7:]
	}
	return id[:min(len(id), 12)]
}
