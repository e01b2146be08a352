package supervisor

import (
	"errors"
	"time"

	"github.com/moby/sys/signal"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// defaultStopTimeout is docker's, in seconds.
const defaultStopTimeout = 10

// signal sends sig to process 1. Between two lives there is none: the signal is
// lost, as it is when it has ended.
func (t *task) signal(sig unix.Signal) error {
	c, phase := t.current()
	if phase == restarting || phase == stopped || c == nil {
		return errs.New(errs.Conflict, "container %s is not running", t.id)
	}
	if phase == running && sig != unix.SIGKILL {
		t.awaitInit(c.Pid())
	}
	err := c.Signal(sig)
	if errors.Is(err, unix.ESRCH) {
		return errs.New(errs.NotFound, "process 1 of container %s has ended: %w", t.id, err)
	}
	return err
}

// signalAll sends sig to every process of the container.
func (t *task) signalAll(sig unix.Signal) error {
	c, _ := t.current()
	pids, err := c.Pids()
	if err != nil {
		return err
	}
	for _, pid := range pids {
		who, err := proc.Of(pid)
		if err != nil {
			continue
		}
		if err := proc.Signal(who, sig); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	return nil
}

// kill is a signal by the user: SIGKILL, and the signal that stops it, end the
// container for good.
func (t *task) kill(sig unix.Signal) error {
	if sig == unix.SIGKILL || sig == t.stopSignal() {
		t.stopByUser()
	}
	t.endedBy(record.ByKill, sig)
	_, phase := t.current()
	if phase == restarting && isClosed(t.stopping) {
		return nil // the wait for the next life ends with that
	}
	if sig == unix.SIGKILL {
		return t.killNow()
	}
	t.killEvent(sig)
	return t.signal(sig)
}

// killNow ends the container; one that has ended already is no error.
func (t *task) killNow() error {
	c, phase := t.current()
	if c == nil || phase == stopped || phase == restarting {
		return nil
	}
	t.killEvent(unix.SIGKILL)
	if err := c.Signal(unix.SIGKILL); !errors.Is(err, unix.ESRCH) {
		return err
	}
	return nil
}

// stop ends the container for good because of who (record.ByStop and so on): sig,
// then after seconds (negative: never) SIGKILL. It returns when it has ended.
func (t *task) stop(who string, sig unix.Signal, seconds int) error {
	if who == record.ByShutdown {
		t.lastLife()
	} else {
		t.stopByUser()
	}
	t.endedBy(who, sig)
	defer t.s.notify.Load().stopping()()
	late, settle, err := t.askToEnd(sig, seconds)
	if err != nil {
		return err
	}
	defer settle()
	select {
	case <-t.ended:
		return nil
	case <-late:
	}
	if err := t.killNow(); err != nil {
		return err
	}
	<-t.ended
	return nil
}

// askToEnd sends process 1 the signal sig, thawed if need be, and returns what
// tells when seconds are over; negative: never. settle ends the clock. A process
// that is not there is asked already.
func (t *task) askToEnd(sig unix.Signal, seconds int) (late <-chan time.Time, settle func(), err error) {
	if c, _ := t.current(); c != nil && t.isPaused() {
		if err := t.resume(); err != nil { // a frozen process takes no signal
			return nil, nil, err
		}
	}
	t.killEvent(sig)
	err = t.signal(sig)
	if err != nil && !errs.Is(err, errs.Conflict) && !errs.Is(err, errs.NotFound) {
		return nil, nil, err
	}
	if seconds < 0 {
		return nil, func() {}, nil
	}
	timer := time.NewTimer(time.Duration(seconds) * time.Second)
	return timer.C, func() { timer.Stop() }, nil
}

// stopSignal is the container's own.
func (t *task) stopSignal() unix.Signal {
	if t.rec == nil || t.rec.Process.StopSignal == "" {
		return unix.SIGTERM
	}
	sig, err := signal.ParseSignal(t.rec.Process.StopSignal)
	if err != nil {
		return unix.SIGTERM
	}
	return sig
}

func (t *task) stopTimeout() int {
	if t.rec == nil || t.rec.Process.StopTimeout == nil {
		return defaultStopTimeout
	}
	return *t.rec.Process.StopTimeout
}

func (t *task) isPaused() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.paused
}

func (t *task) pause() error {
	c, phase := t.current()
	if phase != running {
		return errs.New(errs.Conflict, "pause container %s: it is %s", t.id, phase)
	}
	if err := c.Pause(); err != nil {
		return err
	}
	t.setPaused(true)
	return nil
}

func (t *task) resume() error {
	c, phase := t.current()
	if phase != running {
		return errs.New(errs.Conflict, "resume container %s: it is %s", t.id, phase)
	}
	if err := c.Resume(); err != nil {
		return err
	}
	t.setPaused(false)
	return nil
}

func (t *task) setPaused(on bool) {
	t.mu.Lock()
	t.paused = on
	t.mu.Unlock()
	t.notePaused(on)
	if on {
		t.event("pause", nil)
	} else {
		t.event("unpause", nil)
	}
}
