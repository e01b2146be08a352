package supervisor

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/stdio"
)

// maxProbeOutput bounds what is kept of a probe's output.
const maxProbeOutput = 4096

// checked reports whether the container has a health check.
func (t *task) checked() bool { return t.rec != nil && t.rec.Health != nil }

// probes runs the health check until the end of this life. A paused container is
// not probed.
func (t *task) probes(stop <-chan struct{}) {
	check := t.rec.Health
	t.mu.Lock()
	since := t.since
	t.mu.Unlock()
	for {
		timer := time.NewTimer(t.health.interval(check, since))
		select {
		case <-stop:
			timer.Stop()
			return
		case <-timer.C:
		}
		if !t.isPaused() {
			t.check(stop, since)
		}
	}
}

// check probes once, notes the result and acts on it.
func (t *task) check(stop <-chan struct{}, since time.Time) record.HealthProbe {
	t.health.probing.Lock()
	defer t.health.probing.Unlock()
	r := t.probe(stop)
	if isClosed(stop) {
		return r
	}
	changed := t.health.take(t.rec.Health, since, r)
	t.noteHealth()
	if changed != "" {
		t.s.notify.Load().healthy(changed)
		t.event("health_status: "+changed, nil)
	}
	if changed == healthUnwell {
		t.unwell()
	}
	return r
}

// probe runs the command of the check, as docker does: by exec, killed with all
// of its session when it takes too long.
func (t *task) probe(stop <-chan struct{}) record.HealthProbe {
	r := record.HealthProbe{Start: time.Now().UTC(), ExitCode: -1}
	limit := orElse(t.rec.Health.Timeout, 30*time.Second)
	out := &firstBytes{}
	p, err := t.startProbe(out)
	if err != nil {
		r.End, r.Output = time.Now().UTC(), out.cut(err.Error())
		return r
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	late := false
	select {
	case <-p.done:
	case <-stop:
	case <-timer.C:
		late = true
	}
	if !isClosed(p.done) {
		t.killApart(p)
		<-p.done
	}
	t.forget(p)
	r.End = time.Now().UTC()
	if r.Output = out.String(); late {
		r.Output = out.cut(fmt.Sprintf("Health check exceeded timeout (%v): %s", limit, r.Output))
		return r
	}
	r.ExitCode = p.code
	return r
}

func (t *task) startProbe(out *firstBytes) (*process, error) {
	test := t.rec.Health.Test
	if t.rec.Health.Shell {
		test = append([]string{"/bin/sh", "-c"}, test...)
	}
	spec, err := t.execSpec(&ctl.ExecProcess{Args: test}, false)
	if err != nil {
		return nil, err
	}
	streams, err := stdio.Copied(nil, out, out)
	if err != nil {
		return nil, err
	}
	p := newProcess(fmt.Sprintf("health-%d", time.Now().UnixNano()), spec)
	p.apart = true // so that one that hangs is killed with all that it started
	if err := t.keep(p); err != nil {
		streams.Close()
		return nil, err
	}
	if err := t.run(context.Background(), p, streams); err != nil {
		t.forget(p)
		return nil, err
	}
	return p, nil
}

// unwell does what --health-on-failure says.
func (t *task) unwell() {
	act := func() error { return nil }
	switch t.rec.Health.OnFailure {
	case "kill":
		t.endedBy(record.ByHealth, unix.SIGKILL)
		act = t.killNow
	case "stop":
		act = func() error { return t.stop(record.ByHealth, t.stopSignal(), t.stopTimeout()) }
	case "restart":
		act = func() error { return t.restart(t.stopSignal(), t.stopTimeout()) }
	}
	go func() {
		if err := act(); err != nil {
			t.s.log.errorf("act on an unhealthy container: %v", err)
		}
	}()
}

// onProbe runs the check once for a command.
func (c *session) onProbe() error {
	t, stop, since, err := c.s.healthOf()
	if err != nil {
		return err
	}
	if t.isPaused() {
		return errs.New(errs.Conflict, "health check of container %s: it is paused", t.id)
	}
	c.tellLater(func() *ctl.Message {
		r := t.check(stop, since)
		return &ctl.Message{Op: ctl.Exited, ExitCode: r.ExitCode, Message: r.Output}
	})
	return nil
}

// onWatch tells the client the container's health, and each change of it, and at
// last its end.
func (c *session) onWatch() error {
	t, err := c.s.checkedTask()
	if err != nil {
		return err
	}
	c.tellEnd()
	go func() {
		for {
			status, changed := t.health.now()
			c.tell(&ctl.Message{Op: ctl.Health, Message: status})
			select {
			case <-changed:
			case <-c.gone:
				return
			case <-t.ended:
				return
			}
		}
	}()
	return nil
}

// healthOf returns the one task and its present life, when it runs and has a
// health check.
func (s *Supervisor) healthOf() (t *task, stop <-chan struct{}, since time.Time, err error) {
	if t, err = s.checkedTask(); err != nil {
		return nil, nil, since, err
	}
	t.health.mu.Lock()
	stop = t.health.stop
	t.health.mu.Unlock()
	if stop == nil {
		return nil, nil, since, errs.New(errs.Conflict, "container %s is not running", t.id)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t, stop, t.since, nil
}

// checkedTask returns the one task, when it has a health check.
func (s *Supervisor) checkedTask() (*task, error) {
	t, err := s.only()
	if err == nil && !t.checked() {
		err = errs.New(errs.Invalid, "container %s has no health check", t.id)
	}
	return t, err
}

// firstBytes keeps the beginning of what is written to it.
type firstBytes struct {
	mu   sync.Mutex
	data []byte
	more bool
}

// Write never fails.
func (b *firstBytes) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(len(p), maxProbeOutput-len(b.data))
	b.data = append(b.data, p[:n]...)
	b.more = b.more || n < len(p)
	return len(p), nil
}

// String is what was kept; dots at its end tell that there was more.
func (b *firstBytes) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.more {
		return string(b.data[:maxProbeOutput-3]) + "..."
	}
	return string(b.data)
}

// cut is s within the limit.
func (*firstBytes) cut(s string) string {
	if len(s) > maxProbeOutput {
		return s[:maxProbeOutput-3] + "..."
	}
	return s
}
