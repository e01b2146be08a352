package container

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// StartOpts are the flags of start.
type StartOpts struct {
	Attach bool // stay in the foreground, with the caller's own streams
	Stdin  bool // give the container the caller's standard input
	IO     IO

	Checkpoint    string // the name of one to continue; empty: the process begins anew
	CheckpointDir string // as of CheckpointOpts

	SigProxy bool // signals that this program gets go to the container's process

	apart bool // no part of the unit that this command runs in
}

// Start starts the container that target names. One that runs is left as it
// is; with Attach it is joined. With Attach Start stays until the container's
// process has ended and returns its exit code. On error the container is as
// before.
func (m *Manager) Start(ctx context.Context, target string, o StartOpts) (code int, err error) {
	c, st, err := m.findWhole(ctx, target)
	if err != nil {
		return 0, err
	}
	if Alive(st) && !m.initEnded(st) && m.supervised(c.ID) {
		if !o.Attach {
			return 0, nil
		}
		return m.Attach(ctx, target, AttachOpts{Stdin: o.Stdin, SigProxy: o.SigProxy, IO: o.IO})
	}
	if !o.apart {
		if err := m.enterUnit(c.Policy, c.Host, !o.Attach); err != nil {
			return 0, err
		}
	}
	heard := listen(o.SigProxy && o.Attach)
	defer heard.close()
	s, err := m.startEnded(ctx, c, o)
	if err != nil || s == nil {
		return 0, err
	}
	defer s.conn.Close()
	if !o.Attach {
		return 0, m.leaveTo(s)
	}
	return m.stay(ctx, c, s, FollowOpts{IO: o.IO, Stream: s.stream, relay: s.relay, Stdin: o.Stdin, SigProxy: o.SigProxy, heard: heard})
}

// startEnded launches a container that does not run; nil when another command
// was faster.
func (m *Manager) startEnded(ctx context.Context, c *record.Container, o StartOpts) (*supervisor, error) {
	lock, err := m.lockIdle(ctx, c.ID)
	if lock == nil || err != nil {
		return nil, err
	}
	defer lock.Unlock()
	st, err := m.actual(c.ID)
	if errs.Is(err, errs.NotFound) {
		return nil, missing(c.Name)
	}
	if err != nil {
		return nil, fmt.Errorf("start container %s: %w", short(c.ID), err)
	}
	// What a killed supervisor left of the last run, be it a process.
	if st.Status == record.Exited || Alive(st) {
		if err := m.release(ctx, c.ID); err != nil {
			return nil, err
		}
	}
	if err := m.noteUnit(c.ID); err != nil {
		return nil, err
	}
	if err := m.provide(ctx, c); err != nil {
		return nil, err
	}
	o.IO.outlived = !o.SigProxy
	w, done, err := wire(c, !o.Attach, o.Stdin, o.IO)
	defer done()
	if err != nil {
		return nil, err
	}
	if w.resume, err = m.resume(c, o.Checkpoint, o.CheckpointDir); err != nil {
		return nil, err
	}
	s, err := m.launch(ctx, c, nil, w, func() error { return nil })
	if err != nil {
		return nil, errors.Join(err, m.notStarted(c.ID, err))
	}
	return s, nil
}

// lockIdle locks a container that does not run and has no supervisor; nil when
// another command has started it. The last act of a supervisor needs the lock
// itself: nobody may wait for its end and hold it.
func (m *Manager) lockIdle(ctx context.Context, id string) (*fsx.Lock, error) {
	for {
		if running, err := m.awaitIdle(ctx, id); running || err != nil {
			return nil, err
		}
		lock, err := m.Store.Lock(ctx, "c", id)
		if err != nil || !m.supervised(id) {
			return lock, err
		}
		lock.Unlock()
	}
}

// awaitIdle waits until a container's supervisor has gone, or until it runs
// since another command was faster.
func (m *Manager) awaitIdle(ctx context.Context, id string) (running bool, err error) {
	for end := time.Now().Add(supervisorEnd); ; {
		err := m.awaitSupervisor(ctx, id, 50*time.Millisecond)
		if !errs.Is(err, errs.Unavailable) || time.Now().After(end) {
			return false, err
		}
		if st, serr := m.actual(id); serr == nil && Alive(st) && !m.initEnded(st) {
			return true, nil
		}
	}
}
