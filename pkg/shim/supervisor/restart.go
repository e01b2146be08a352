package supervisor

import (
	"context"
	"errors"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// docker's back-off between the lives of a container.
const (
	backoffFirst = 100 * time.Millisecond
	backoffMost  = time.Minute
	backoffReset = 10 * time.Second // a life of that length begins it anew
)

// wantsAgain reports whether the restart policy wants another life.
func (t *task) wantsAgain(r result) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last || t.since.IsZero() {
		return false
	}
	if t.born != nil {
		return true
	}
	p := t.policyOf()
	switch p.Name {
	case "always", "unless-stopped":
		return true
	case "on-failure":
		return r.code != 0 && (p.Max == 0 || t.restarts < p.Max)
	}
	return false
}

// again waits and gives the container its next life. It returns a code below 0
// when that runs, else how the attempt ended.
func (t *task) again(r result, old engine.Container) result {
	wait := t.nextBackoff(r)
	if t.expected() {
		wait = 0
	}
	t.noteRestarting(r)
	if err := old.Delete(context.Background()); err != nil {
		t.s.log.errorf("delete the previous life: %v", err)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-t.stopping:
		return r
	case <-timer.C:
	}
	err := t.live(context.Background())
	if err == nil {
		_, err = t.start(context.Background())
	}
	t.tellBorn(err)
	if err == nil {
		r.code = -1
		return r
	}
	if !errs.Is(err, errs.Conflict) || !isClosed(t.stopping) {
		t.s.log.errorf("restart: %v", err)
		t.noteError(err)
	}
	return t.failed(r, err)
}

// failed is the result of a life that could not begin. Another attempt follows
// only when it could not be created; one that was has its own watch.
func (t *task) failed(r result, err error) result {
	c, phase := t.current()
	if c != nil && phase != restarting {
		r.code = -1
		return r
	}
	r.code, r.at = startCode(err), time.Now()
	return r
}

// startCode is the exit code of a process that could not be started, as docker
// has it.
func startCode(err error) int {
	switch errs.KindOf(err) {
	case errs.NoCommand:
		return 127
	case errs.NotExecutable:
		return 126
	}
	if errors.Is(err, context.Canceled) {
		return 137
	}
	return 128
}

// nextBackoff turns to the phase between two lives and says how long it is.
func (t *task) nextBackoff(r result) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.backoff == 0 || r.at.Sub(t.since) >= backoffReset:
		t.backoff = backoffFirst
	default:
		t.backoff = min(2*t.backoff, backoffMost)
	}
	t.phase, t.paused, t.starting = restarting, false, nil
	if t.born == nil {
		t.restarts++
	}
	return t.backoff
}
