package container

import (
	"context"
	"fmt"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Why is why a container is as it is: why it did not start, or why it ended.
type Why struct {
	ID       string
	Name     string
	Status   string // record.Status, or removed
	Code     string // one of the codes, for programs
	Reason   string // for people, on one line
	Remedy   string `json:",omitempty"` // what may be done
	ExitCode int
	At       time.Time `json:",omitzero"` // of the end
}

// The codes of Why, beside the causes of pkg/shim/binfmt and of other errors,
// port-in-use for one.
const (
	whyRunning        = "running"
	whyPaused         = "paused"
	whyRestarting     = "restarting"
	whyNeverStarted   = "never-started"
	whyNotStarted     = "not-started" // for another reason than a code tells
	whyFinished       = "finished"    // with 0
	whyFailed         = "failed"      // by itself, with another code
	whyOOM            = "oom"
	whyStopped        = "stopped"
	whyStopKilled     = "stop-killed" // it did not end when it was asked to
	whyKilled         = "killed"      // by pouch-run kill or rm -f
	whyClient         = "client-gone"
	whyTimeout        = "timeout"
	whyUnhealthy      = "unhealthy"
	whySeccomp        = "seccomp"
	whySignal         = "signal"
	whyShutdown       = "shutdown"
	whyCheckpoint     = "checkpoint"
	whySupervisorLost = "supervisor-lost"
	whyRebooted       = "machine-restarted"
)

// removed is the status of a container of which only events are left.
const removed = "removed"

// end is what is known of a container's end.
type end struct {
	id, name string
	st       record.State
	c        *record.Container // nil: it is removed
}

// Why tells why the container that target names did not start or why it ended.
// Of one that is removed it tells what the events of this boot say. It needs no
// containerd. A container that left no trace gives kind not_found.
func (m *Manager) Why(ctx context.Context, target string) (*Why, error) {
	c, st, err := m.find(target)
	var e *end
	switch {
	case errs.Is(err, errs.NotFound):
		e, err = m.traces(ctx, target)
	case err == nil && (Alive(st) && m.initEnded(st) || st.Status == record.Removing && st.Finished.IsZero()):
		// It has ended just now, and is about to go: the record is not told the end.
		if e, err = m.traces(ctx, c.ID); err == nil {
			e.c, e.st.Status = c, record.Exited
		}
	case err == nil:
		e = &end{id: c.ID, name: c.Name, st: *st, c: c}
	}
	if err != nil {
		return nil, err
	}
	w := e.explain()
	w.ID, w.Name, w.Status, w.ExitCode, w.At = e.id, e.name, string(e.st.Status), e.st.ExitCode, e.st.Finished
	return w, nil
}

// explain finds the code, reason and remedy.
func (e *end) explain() *Why {
	switch e.st.Status {
	case record.Running:
		return e.running()
	case record.Paused:
		return &Why{Code: whyPaused, Reason: "it is paused", Remedy: "pouch-run unpause " + e.name}
	case record.Restarting:
		w := e.ended()
		w.Code = whyRestarting
		w.Reason = fmt.Sprintf("its last life ended (%s), and restart %d follows by its policy %s", w.Reason, e.st.Restarts, e.policy())
		return w
	case record.Created, record.Creating:
		if e.st.Error == "" {
			return &Why{Code: whyNeverStarted, Reason: "it was created and not started", Remedy: "pouch-run start " + e.name}
		}
		return e.notStarted()
	}
	if e.st.Error != "" {
		return e.notStarted()
	}
	w := e.ended()
	if e.spent() {
		w.Reason += fmt.Sprintf("; its restart policy %s allows no further restart", e.policy())
	}
	return w
}

func (e *end) running() *Why {
	w := &Why{Code: whyRunning, Reason: "it runs since " + e.st.Started.Local().Format(time.DateTime)}
	if h := e.st.Health; h != nil && h.Status == "unhealthy" {
		w.Code, w.Reason = whyUnhealthy, w.Reason+"; "+e.unwell()
		w.Remedy = "pouch-run inspect -f '{{json .State.Health}}' " + e.name
	}
	return w
}

// ended explains an end that the supervisor saw, the surest reason first.
func (e *end) ended() *Why {
	for _, look := range []func() *Why{e.memory, e.asked, e.signalled} {
		if w := look(); w != nil {
			return w
		}
	}
	return e.byItself()
}

// policy is the restart policy as it is written.
func (e *end) policy() string {
	if e.c == nil {
		return ""
	}
	p := e.c.Policy.Restart
	if p.Max > 0 {
		return fmt.Sprintf("%s:%d", p.Name, p.Max)
	}
	return p.Name
}

// spent reports whether the restart policy has nothing left for a container that
// failed.
func (e *end) spent() bool {
	if e.c == nil || e.st.StoppedByUser || e.st.ExitCode == 0 {
		return false
	}
	p := e.c.Policy.Restart
	return p.Name == "on-failure" && p.Max > 0 && e.st.Restarts >= p.Max
}
