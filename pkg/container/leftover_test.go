package container

import (
	"context"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/ctl"
)

// What is left of a container that runs on is no matter of its supervisor, which is not
// waited for; one whose process 1 is gone is.
func TestAwaitEnding(t *testing.T) {
	w := newWorld(t)
	up := w.add("up", w.running(w.self()), nil)
	ended := w.add("ended", w.running(w.dead()), nil)
	for _, id := range []string{up.ID, ended.ID} {
		w.supervise(id, func(*ctl.Conn) {})
	}
	for id, waits := range map[string]bool{up.ID: false, ended.ID: true} {
		limit := 8 * time.Second // less than the wait
		if waits {
			limit = 50 * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		w.awaitEnding(ctx, []Leftover{{Kind: "endpoint", Name: id + "-eth1", Owner: id}})
		if waited := ctx.Err() != nil; waited != waits {
			t.Errorf("running %v: waited %v", !waits, waited)
		}
		cancel()
	}
}
