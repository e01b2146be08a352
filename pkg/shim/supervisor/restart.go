package supervisor

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// Backoff is the pause between the lives of a container: First, then twice as
// long each time, up to Most. A life of some length begins it anew.
type Backoff struct{ First, Most time.Duration }

// dockerBackoff is what users are used to.
func dockerBackoff() Backoff { return Backoff{100 * time.Millisecond, time.Minute} }

// backoffReset is the length of a life after which the pauses begin anew.
const backoffReset = 10 * time.Second

// Set reads FIRST,MOST (flag.Value).
func (b *Backoff) Set(s string) error {
	first, most, _ := strings.Cut(s, ",")
	f, err := time.ParseDuration(first)
	if err != nil {
		return err
	}
	m, err := time.ParseDuration(most)
	if err != nil {
		return err
	}
	if f <= 0 || m < f {
		return errs.New(errs.Invalid, "want two durations above 0, the longer one last")
	}
	*b = Backoff{f, m}
	return nil
}

// String implements flag.Value.
func (b *Backoff) String() string { return b.First.String() + "," + b.Most.String() }

// wantsAgain reports whether the restart policy wants another life.
func (t *task) wantsAgain(r result) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last || t.dumping || t.since.IsZero() {
		return false
	}
	return t.born != nil || allows(t.policyOf(), r.code, t.restarts+1)
}

// allows reports whether the policy wants the nth restart, after an end with
// code.
func allows(p record.Restart, code, n int) bool {
	switch p.Name {
	case "always", "unless-stopped":
		return true
	case "on-failure":
		return code != 0 && (p.Max == 0 || n <= p.Max)
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
	if !t.rest(wait, r) {
		return r
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

// rest is the pause between two lives. It reports whether the next one is still
// wanted: the container may be stopped meanwhile, and its policy changed.
func (t *task) rest(wait time.Duration, r result) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-t.stopping:
			return false
		case <-timer.C:
			return true
		case <-t.reconsider:
		}
		if t.expected() {
			return true
		}
		t.mu.Lock()
		restarts := t.restarts
		t.mu.Unlock()
		if !allows(t.policyOf(), r.code, restarts) {
			return false
		}
	}
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
		t.backoff = t.s.cfg.Backoff.First
	default:
		t.backoff = min(2*t.backoff, t.s.cfg.Backoff.Most)
	}
	t.phase, t.paused, t.starting = restarting, false, nil
	t.restarts++
	if t.born != nil { // a user's restart begins both anew
		t.restarts, t.backoff = 0, 0
	}
	return t.backoff
}
