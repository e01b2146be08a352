package container

import (
	"context"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// TestStatsToldToEnd: who ends it ends it well, also while it looks.
func TestStatsToldToEnd(t *testing.T) {
	w := newWorld(t)
	w.add("web", record.State{Status: record.Exited}, nil)
	for name, o := range map[string]StatsOpts{"all": {All: true}, "named": {Targets: []string{"web"}}} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		o.Interval = time.Hour
		if err := w.Stats(ctx, o, func([]Stat) error { return nil }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
