package container

import (
	"testing"
	"testing/synctest"
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
		synctest.Test(t, func(t *testing.T) { // its time passes only where it is waited for
			begin := time.Now()
			w.awaitEnding(t.Context(), []Leftover{{Kind: "endpoint", Name: id + "-eth1", Owner: id}})
			if took := time.Since(begin); (took >= ending) != waits || !waits && took > 0 {
				t.Errorf("running %v: waited %v", !waits, took)
			}
		})
	}
}
