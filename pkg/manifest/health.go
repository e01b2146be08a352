package manifest

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// Bounds of an image's health check.
const (
	maxHealthArgs = 256
	maxHealthText = 64 << 10 // bytes, of all words
	// leastHealthPause is docker's: a check that runs without a pause is none.
	leastHealthPause = time.Millisecond
)

// Health reads the health check of an image's config, docker's HEALTHCHECK,
// which the OCI specification does not have; nil when there is none, or what
// cannot be one.
func Health(data []byte) *record.Health {
	var img struct {
		Config struct {
			Healthcheck *struct {
				Test                                          []string
				Interval, Timeout, StartPeriod, StartInterval time.Duration
				Retries                                       int
			}
			Shell []string
		} `json:"config"`
	}
	if json.Unmarshal(data, &img) != nil || img.Config.Healthcheck == nil {
		return nil
	}
	d := img.Config.Healthcheck
	h := &record.Health{
		Interval: pause(d.Interval), Timeout: pause(d.Timeout), StartPeriod: pause(d.StartPeriod),
		StartInterval: pause(d.StartInterval), Retries: max(d.Retries, 0),
	}
	if len(d.Test) < 2 || !fits(d.Test) || !fits(img.Config.Shell) {
		return nil
	}
	switch words := d.Test[1:]; d.Test[0] {
	case "CMD":
		h.Test = words
	case "CMD-SHELL":
		if h.Test, h.Shell = words[:1], true; len(img.Config.Shell) > 0 { // SHELL of the Dockerfile
			h.Test, h.Shell = append(slices.Clone(img.Config.Shell), words[0]), false
		}
	default: // NONE
		return nil
	}
	return h
}

func pause(d time.Duration) time.Duration {
	if d < leastHealthPause {
		return 0
	}
	return d
}

func fits(words []string) bool {
	n := 0
	for _, w := range words {
		if n += len(w); strings.ContainsRune(w, 0) {
			return false
		}
	}
	return len(words) <= maxHealthArgs && n <= maxHealthText
}
