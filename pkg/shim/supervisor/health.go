package supervisor

import (
	"slices"
	"sync"
	"time"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// Docker's words for what a health check has found.
const (
	healthStarting = "starting"
	healthHealthy  = "healthy"
	healthUnwell   = "unhealthy"
)

// keptProbes is how many results of the check are kept.
const keptProbes = 5

// health is what the check has found, and tells those who wait for a change.
type health struct {
	probing sync.Mutex // one probe at a time

	mu      sync.Mutex
	state   record.HealthState
	changed chan struct{} // closed at the next change of the status
	stop    chan struct{} // closed at the end of this life; nil between lives
}

// begin is the start of a life.
func (h *health) begin() (stop <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stop = make(chan struct{})
	h.state.Streak = 0
	h.set(healthStarting)
	return h.stop
}

// end is the end of a life: nobody is well who does not run.
func (h *health) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stop == nil {
		return
	}
	close(h.stop)
	h.stop = nil
	h.set(healthUnwell)
}

// set changes the status and tells it; the caller holds h.mu.
func (h *health) set(status string) {
	if h.state.Status == status {
		return
	}
	h.state.Status = status
	if h.changed != nil {
		close(h.changed)
	}
	h.changed = make(chan struct{})
}

// now returns the status and what tells that it has changed.
func (h *health) now() (string, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.changed == nil {
		h.changed = make(chan struct{})
	}
	return h.state.Status, h.changed
}

// snapshot is the state as it is written down.
func (h *health) snapshot() *record.HealthState {
	h.mu.Lock()
	defer h.mu.Unlock()
	st := h.state
	st.Log = slices.Clone(st.Log)
	return &st
}

// take notes a result as docker judges it, and returns the status that came of
// it when that is another than before. A result that comes after the end of its
// life counts no more.
func (h *health) take(check *record.Health, since time.Time, r record.HealthProbe) (changed string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stop == nil {
		return ""
	}
	h.state.Log = append(h.state.Log, r)
	if extra := len(h.state.Log) - keptProbes; extra > 0 {
		h.state.Log = slices.Delete(h.state.Log, 0, extra)
	}
	before := h.state.Status
	h.judge(check, since, r)
	if h.state.Status == before {
		return ""
	}
	return h.state.Status
}

func (h *health) judge(check *record.Health, since time.Time, r record.HealthProbe) {
	if r.ExitCode == 0 {
		h.state.Streak = 0
		h.set(healthHealthy)
		return
	}
	if h.state.Status == healthStarting && r.Start.Sub(since) < check.StartPeriod {
		return // it may take that long
	}
	h.state.Streak++
	if h.state.Streak >= retries(check) {
		h.set(healthUnwell)
	}
}

// retries is how many failures in a row mean unhealthy.
func retries(check *record.Health) int {
	if check.Retries <= 0 {
		return 3
	}
	return check.Retries
}

// interval is the pause before the next probe.
func (h *health) interval(check *record.Health, since time.Time) time.Duration {
	status, _ := h.now()
	if status == healthStarting && time.Since(since) < check.StartPeriod {
		return orElse(check.StartInterval, 5*time.Second)
	}
	return orElse(check.Interval, 30*time.Second)
}

func orElse(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}
