package container

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// defaultStopTimeout is how many seconds a container has between its stop
// signal and SIGKILL.
const defaultStopTimeout = 10

// StopOpts are the options of Stop.
type StopOpts struct {
	Timeout *int   // seconds until SIGKILL; negative: never; nil: the container's own, else 10
	Signal  string // empty: the container's own, else TERM
}

// Stop asks the container that target names to end and kills it when it does
// not within the timeout; its restart policy does not start it again. It
// returns when the container has ended. A container that does not run is
// stopped already. It fails with kind not_found or invalid.
func (m *Manager) Stop(ctx context.Context, target string, o StopOpts) error {
	if _, err := signalOr(o.Signal, unix.SIGTERM); err != nil {
		return err
	}
	c, st, err := m.find(target)
	if err != nil {
		return err
	}
	if !Alive(st) {
		return errors.Join(m.tidy(ctx, c.ID), m.stayDown(ctx, c))
	}
	sig, timeout, err := stopPlan(c, o)
	if err == nil {
		err = m.stop(ctx, c.ID, st, sig, timeout)
	}
	if err == nil {
		err = m.stayDown(ctx, c)
	}
	if err != nil {
		return fmt.Errorf("cannot stop container: %s: %w", target, err)
	}
	return nil
}

// stayDown notes of a container that does not run that a user wants it so, where
// its supervisor has not: otherwise Restore would start what the end of the host
// had stopped before.
func (m *Manager) stayDown(ctx context.Context, c *record.Container) error {
	if n := c.Policy.Restart.Name; n != "unless-stopped" && n != "on-failure" {
		return nil
	}
	if st, err := m.Store.State(c.ID); err != nil || !wantsRestore(c, st) {
		return nil // it is removed with its end, or is noted
	}
	lock, err := m.Store.Lock(ctx, "c", c.ID)
	if err != nil {
		return err
	}
	defer m.drop(lock, c.ID)
	st, err := m.Store.State(c.ID)
	if err != nil || !wantsRestore(c, st) {
		return nil // started, stopped or removed meanwhile
	}
	st.StoppedByUser = true
	return m.Store.SetState(c.ID, st)
}

// tidy releases what a run has left whose supervisor was killed.
func (m *Manager) tidy(ctx context.Context, id string) error {
	if !exists(m.Store.RunDir(id)) || m.supervised(id) {
		return nil
	}
	return m.Reap(ctx, id)
}

func stopPlan(c *record.Container, o StopOpts) (sig syscall.Signal, timeout int, err error) {
	timeout = defaultStopTimeout
	if c.Process.StopTimeout != nil {
		timeout = *c.Process.StopTimeout
	}
	if o.Timeout != nil {
		timeout = *o.Timeout
	}
	if o.Signal == "" {
		o.Signal = c.Process.StopSignal
	}
	if o.Signal == "" && spec.RichSystem(c) {
		return 0, timeout, nil // the supervisor has seen of what kind its init is
	}
	sig, err = signalOr(o.Signal, unix.SIGTERM)
	return sig, timeout, err
}

func (m *Manager) stop(ctx context.Context, id string, st *record.State, sig syscall.Signal, timeout int) error {
	limit := time.Duration(0)
	if timeout >= 0 {
		limit = time.Duration(timeout)*time.Second + answerTimeout
	}
	_, err := m.ask(ctx, id, &ctl.Message{Op: ctl.Stop, Signal: int(sig), Timeout: timeout}, limit, ctl.Exited)
	if !errors.Is(err, errNoSupervisor) {
		return err
	}
	if m.supervised(id) { // it has ended, and its supervisor is cleaning up
		return m.awaitSupervisor(ctx, id, supervisorEnd)
	}
	if err := stopAlone(ctx, st.Init, sig, timeout); err != nil {
		return err
	}
	return m.Reap(ctx, id)
}

// stopAlone stops a container whose supervisor is dead.
func stopAlone(ctx context.Context, p record.Proc, sig syscall.Signal, timeout int) error {
	if sig == 0 {
		sig = unix.SIGTERM
	}
	if err := proc.Signal(p, sig); err != nil {
		return unlessGone(err)
	}
	limit := time.Duration(timeout) * time.Second
	if gone, err := awaitEnd(ctx, p, limit); gone || err != nil {
		return err
	}
	if err := proc.Signal(p, unix.SIGKILL); err != nil {
		return unlessGone(err)
	}
	_, err := awaitEnd(ctx, p, -1)
	return err
}

func unlessGone(err error) error {
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return err
}

// awaitEnd waits until process p has ended, at most limit (negative: without
// limit), and reports whether it has.
func awaitEnd(ctx context.Context, p record.Proc, limit time.Duration) (bool, error) {
	fd, err := unix.PidfdOpen(p.Pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer unix.Close(fd)
	until := time.Now().Add(limit)
	for proc.Alive(p) {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		slice := 100 * time.Millisecond // how soon the end of ctx is seen
		if limit >= 0 {
			slice = min(slice, time.Until(until))
			if slice <= 0 {
				return false, nil
			}
		}
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if _, err := unix.Poll(poll, int(slice.Milliseconds())+1); err != nil && !errors.Is(err, unix.EINTR) {
			return false, err
		}
	}
	return true, nil
}
