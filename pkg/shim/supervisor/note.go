package supervisor

import (
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// note changes the container's state on disk. A failure (a full disk) is logged:
// the kernel has the last word on what runs.
func (t *task) note(durable bool, change func(*record.State)) {
	if t.rec == nil {
		return
	}
	if err := t.s.store.UpdateState(t.id, durable, change); err != nil {
		t.s.log.errorf("write the state: %v", err)
	}
}

// noteRunning is wrong after a power cut anyway, so it does not wait for the
// disk.
func (t *task) noteRunning(c engine.Container) {
	if t.rec == nil {
		return
	}
	init, err := proc.Of(c.Pid())
	if err != nil { // it has ended already
		init = record.Proc{}
	}
	self, _ := proc.Self()
	boot, _ := proc.BootID()
	t.mu.Lock()
	since, restarts := t.since, t.restarts
	t.mu.Unlock()
	t.note(false, func(st *record.State) {
		st.Status, st.Init, st.Owner, st.BootID = record.Running, init, self, boot
		st.Started, st.Restarts = since.UTC(), restarts
		st.Finished, st.ExitCode, st.OOMKilled, st.Error, st.StoppedByUser = time.Time{}, 0, false, "", false
		st.Cause, st.EndedBy, st.EndSignal = "", "", 0
		t.healthInto(st)
		t.logInto(st)
	})
}

// noteRestarting tells the restart that is to come as one that was made, as
// docker does.
func (t *task) noteRestarting(r result) {
	t.mu.Lock()
	restarts := t.restarts
	t.mu.Unlock()
	t.note(false, func(st *record.State) {
		st.Status, st.Init, st.Restarts = record.Restarting, record.Proc{}, restarts
		t.healthInto(st)
		st.ExitCode, st.OOMKilled, st.Finished = r.code, r.oom, r.at.UTC()
	})
}

func (t *task) notePaused(paused bool) {
	t.note(false, func(st *record.State) {
		st.Status = record.Running
		if paused {
			st.Status = record.Paused
		}
	})
}

func (t *task) noteError(err error) {
	t.note(false, func(st *record.State) { st.Error, st.Cause = err.Error(), errs.CauseOf(err) })
}

// noteExited is what a client relies on that was told of the end: durable.
func (t *task) noteExited(r result) {
	t.mu.Lock()
	byUser, end := t.byUser, t.ending
	t.mu.Unlock()
	t.note(true, func(st *record.State) {
		st.Status, st.Init = record.Exited, record.Proc{}
		st.ExitCode, st.OOMKilled, st.Finished, st.StoppedByUser = r.code, r.oom, r.at.UTC(), byUser
		st.EndedBy, st.EndSignal = end.by, int(end.sig)
		if end.err != nil {
			st.Error, st.Cause = end.err.Error(), errs.CauseOf(end.err)
		}
		t.healthInto(st)
	})
}

// noteHealth writes what the health check has found.
func (t *task) noteHealth() { t.note(false, t.healthInto) }

func (t *task) healthInto(st *record.State) {
	if t.checked() {
		st.Health = t.health.snapshot()
	}
}
