package container

import (
	"context"
	"errors"
	"fmt"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Run makes the container that o asks for and starts it. In the foreground it
// stays until the container's process has ended and returns its exit code; the
// supervisor cleans up after that by itself. Detached it returns the id as soon
// as the process runs. On error nothing is left.
func (m *Manager) Run(ctx context.Context, o *Options, streams IO) (id string, code int, err error) {
	if err := checkCIDFile(o.CIDFile); err != nil {
		return "", 0, err
	}
	streams, release, err := streams.only(o.Attach)
	if err != nil {
		return "", 0, err
	}
	defer release()
	streams.outlived = !o.SigProxy
	if err := m.enterUnit(o.Policy, o.Host, o.Detach); err != nil {
		return "", 0, err
	}
	id, written, err := m.idFor(ctx, o)
	if err != nil {
		return "", 0, err
	}
	defer written()
	early, err := m.early(ctx, id, o)
	if err != nil {
		return "", 0, err
	}
	c, durable, err := m.intend(ctx, id, o)
	written()
	if err != nil {
		if early != nil {
			early.abandon()
		}
		if c != nil {
			err = also(err, m.undo(c.ID))
		}
		return "", 0, err
	}
	heard := listen(o.SigProxy && !o.Detach)
	defer heard.close()
	s, err := m.launchNew(ctx, c, o, early, streams, durable)
	if err != nil {
		return "", 0, also(err, m.undo(c.ID))
	}
	defer s.conn.Close()
	if o.Detach {
		return c.ID, 0, m.leaveTo(s)
	}
	if o.Started != nil {
		o.Started(c.ID)
	}
	code, err = m.stay(ctx, c, s, FollowOpts{IO: streams, Stream: s.stream, relay: s.relay, Stdin: c.Process.OpenStdin && attaches(o.Attach, "stdin"), SigProxy: o.SigProxy, heard: heard})
	return c.ID, code, err
}

// early starts the supervisor before anything is known of the image, beside
// whose look-up it comes up. With a named volume it does not: that may be
// mounted first, where the supervisor would not see it.
func (m *Manager) early(ctx context.Context, id string, o *Options) (*supervisor, error) {
	for _, mt := range o.Mounts {
		if mt.Type == "volume" && mt.Name != "" {
			return nil, nil
		}
	}
	cl, err := m.engine(ctx)
	if err != nil {
		return nil, err
	}
	return m.newSupervisor(id, cl.Address)
}

func (m *Manager) launchNew(ctx context.Context, c *record.Container, o *Options, early *supervisor, streams IO, durable func() error) (*supervisor, error) {
	err := m.provide(ctx, c)
	var w wiring
	done := func() {}
	if err == nil {
		w, done, err = wire(c, o.Detach, c.Process.OpenStdin, streams)
	}
	defer done()
	if err != nil {
		if early != nil {
			early.abandon()
		}
		return nil, err
	}
	s, err := m.launch(ctx, c, early, w, durable)
	if err != nil {
		return nil, err
	}
	if err := writeCIDFile(o.CIDFile, c.ID); err != nil {
		s.conn.Close() // the supervisor ends the container
		return nil, err
	}
	return s, nil
}

// stay follows a foreground container to its end. A supervisor that was killed
// tells nothing: what it left is then reaped here.
func (m *Manager) stay(ctx context.Context, c *record.Container, s *supervisor, o FollowOpts) (int, error) {
	o.unit, o.container = &m.unit, c
	alive, ended := context.WithCancel(ctx)
	go m.watchdog(alive, c.ID)
	code, err := Follow(ctx, s.conn, o)
	ended()
	if errors.Is(err, context.Canceled) { // a signal that was for this command alone
		return code, err
	}
	if err == nil || errors.Is(err, errUnwritten) || errs.KindOf(err) != errs.Internal {
		return code, errors.Join(err, m.outlive(c.ID))
	}
	end, cancel := context.WithTimeout(context.Background(), supervisorEnd)
	defer cancel()
	if errors.Is(err, errLost) {
		code, err = lostExit, fmt.Errorf("container %s: %w", c.Name, err)
	}
	if aerr := m.awaitSupervisor(end, c.ID, supervisorEnd); aerr != nil {
		return code, errors.Join(err, aerr)
	}
	return code, errors.Join(err, m.Reap(end, c.ID))
}
