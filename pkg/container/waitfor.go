package container

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// WaitOpts say what WaitFor waits for.
type WaitOpts struct {
	Conditions []string      // of WaitConditions, the first that holds counts; empty: not-running
	Interval   time.Duration // how often it looks where no change is told; 0: 250 ms
}

// What docker's API waits for.
const (
	untilNotRunning = "not-running"
	untilNextExit   = "next-exit"
	untilRemoved    = "removed"
)

// WaitConditions are the words for what can be waited for: docker's not-running,
// next-exit and removed, and podman's.
func WaitConditions() []string {
	return []string{
		untilNotRunning, untilNextExit, untilRemoved, "created", "configured", "initialized", "running", "paused", "restarting",
		"exited", "stopped", "removing", "healthy", "unhealthy",
	}
}

// noCode stands for the exit code of a container that has not ended.
const noCode = -1

// WaitFor blocks until one of o's conditions holds for the container that target
// names and returns its exit code, -1 when it has not ended. Kinds: not_found,
// also when it is removed before its condition held; invalid for a condition
// that is none.
func (m *Manager) WaitFor(ctx context.Context, target string, o WaitOpts) (int, error) {
	for _, w := range o.Conditions {
		if !slices.Contains(WaitConditions(), w) {
			return 0, errs.New(errs.Invalid, "condition %q: one of %q", w, WaitConditions())
		}
	}
	if len(o.Conditions) == 0 || slices.Equal(o.Conditions, []string{untilNotRunning}) {
		return m.Wait(ctx, target)
	}
	c, st, err := m.find(target)
	if err != nil {
		return 0, err
	}
	w := &waiting{m: m, target: target, id: c.ID, o: o, begun: st}
	return w.first(ctx)
}

// WaitEach waits for all targets at once, and returns what tells the outcome of
// WaitFor for one after the other.
func (m *Manager) WaitEach(ctx context.Context, targets []string, o WaitOpts) (next func() (int, error)) {
	outcomes := make(chan (<-chan waited), len(targets))
	for _, t := range targets {
		outcome := make(chan waited, 1)
		outcomes <- outcome
		go func() {
			code, err := m.WaitFor(ctx, t, o)
			outcome <- waited{code, err}
		}()
	}
	return func() (int, error) {
		w := <-<-outcomes
		return w.code, w.err
	}
}

// waiting is one WaitFor.
type waiting struct {
	m          *Manager
	target, id string
	o          WaitOpts
	begun      *record.State
}

type waited struct {
	code int
	err  error
}

// first waits for every condition and takes the first that holds.
func (w *waiting) first(ctx context.Context) (int, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan waited, 4)
	begin := func(wait func(context.Context) (int, error)) {
		go func() {
			code, err := wait(ctx)
			done <- waited{code, err}
		}()
	}
	states := 0
	for _, word := range w.o.Conditions {
		switch word {
		case untilNotRunning:
			begin(func(ctx context.Context) (int, error) { return w.m.Wait(ctx, w.id) })
		case untilNextExit:
			begin(w.nextExit)
		case untilRemoved:
			begin(w.removed)
		case "exited", "stopped":
			begin(w.exited)
		default:
			states++
		}
	}
	if states > 0 {
		begin(func(ctx context.Context) (int, error) { return w.look(ctx, w.holds) })
	}
	r := <-done
	return r.code, r.err
}

// look waits until the container's state is as wanted.
func (w *waiting) look(ctx context.Context, wanted func(*record.State) bool) (int, error) {
	changes, err := fsx.Watch(w.m.Store.ContainerDir(w.id))
	if err != nil {
		return 0, missing(w.target)
	}
	defer changes.Close()
	for {
		st, err := w.m.actual(w.id)
		switch {
		case errs.Is(err, errs.NotFound):
			return 0, missing(w.target)
		case err != nil:
			return 0, err
		case wanted(st):
			return codeOf(st), nil
		}
		if err := w.pause(ctx, changes); err != nil {
			return 0, err
		}
	}
}

func (w *waiting) pause(ctx context.Context, changes *fsx.Watcher) error {
	interval := w.o.Interval
	if interval <= 0 {
		interval = 250 * time.Millisecond
	}
	t := time.NewTimer(interval)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-changes.Changed():
	case <-t.C:
	}
	return nil
}

func codeOf(st *record.State) int {
	if Alive(st) || st.Status == record.Created || st.Status == record.Creating {
		return noCode
	}
	return st.ExitCode
}

// holds reports whether a condition that a state tells holds.
func (w *waiting) holds(st *record.State) bool {
	return slices.ContainsFunc(w.o.Conditions, func(word string) bool {
		switch word {
		case "configured", "initialized":
			return st.Status == record.Created
		case "healthy", "unhealthy":
			return st.Status == record.Running && st.Health != nil && st.Health.Status == word
		}
		return string(st.Status) == word
	})
}

// exited waits until the container has ended; one that was never started has
// not.
func (w *waiting) exited(ctx context.Context) (int, error) {
	code, err := w.look(ctx, func(st *record.State) bool {
		return Alive(st) || st.Status == record.Exited || st.Status == record.Removing
	})
	if err != nil || code != noCode {
		return code, err
	}
	return w.m.Wait(ctx, w.id)
}

// nextExit waits for the end of the life that runs, or of the next one.
func (w *waiting) nextExit(ctx context.Context) (int, error) {
	ended := func(st *record.State) bool { return st.Status == record.Exited && st.Finished.After(w.begun.Finished) }
	for {
		code, err := w.look(ctx, func(st *record.State) bool { return Alive(st) || ended(st) })
		if err != nil || code != noCode {
			return code, err
		}
		answer, err := w.m.ask(ctx, w.id, &ctl.Message{Op: ctl.Wait, Next: true}, 0, ctl.Exited)
		if err == nil {
			return answer.ExitCode, nil
		}
		if !errors.Is(err, errNoSupervisor) {
			return 0, err
		}
		st, err := w.m.actual(w.id)
		if err == nil && Alive(st) {
			st, err = w.m.unanswered(ctx, w.id, st)
		}
		if errs.Is(err, errs.NotFound) {
			return 0, missing(w.target)
		}
		if err != nil || ended(st) {
			return st.ExitCode, err
		}
	}
}

// removed waits until the container is gone, and returns how it ended.
func (w *waiting) removed(ctx context.Context) (int, error) {
	for {
		_, err := w.look(ctx, Alive)
		if err == nil {
			_, err = w.m.Wait(ctx, w.id)
		}
		if errs.Is(err, errs.NotFound) {
			return w.lastCode(ctx)
		}
		if err != nil {
			return 0, err
		}
	}
}

// lastCode is the exit code of a container that is gone by now, as its last
// event tells; 0 when it never ran.
func (w *waiting) lastCode(ctx context.Context) (int, error) {
	e, err := w.m.traces(ctx, w.id)
	if errs.Is(err, errs.NotFound) {
		return max(codeOf(w.begun), 0), nil
	}
	if err != nil {
		return 0, err
	}
	return e.st.ExitCode, nil
}
