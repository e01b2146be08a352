package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

// tellTime is how long the supervisor's own words about a failure are waited
// for: it tells them before containerd does.
const tellTime = 200 * time.Millisecond

// startGrace is how long a supervisor that was asked to start may take after the
// command was told to stop. Usually it answers at once; the signal is then for
// the container, whose process may have spoken already.
const startGrace = 3 * time.Second

// begin lets the created container run and returns when the supervisor says
// that it does. A terminal that comes along is kept for the one who follows.
func (s *supervisor) begin(ctx context.Context) error {
	if err := s.conn.Send(&ctl.Message{Op: ctl.Start}); err != nil {
		return fmt.Errorf("talk to the supervisor: %w", err)
	}
	var mu sync.Mutex
	told := false
	defer context.AfterFunc(ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		if !told {
			s.conn.SetDeadline(time.Now().Add(startGrace))
		}
	})()
	err := s.awaitStarted()
	mu.Lock()
	defer mu.Unlock()
	told = true
	s.conn.SetDeadline(time.Time{})
	switch {
	case isTimeout(err):
		return context.Cause(ctx)
	case errors.Is(err, io.EOF):
		return errs.New(errs.Internal, "the supervisor was lost before the container ran")
	}
	return err
}

// awaitStarted reads until the supervisor says that process 1 runs, or why it
// does not.
func (s *supervisor) awaitStarted() error {
	for {
		msg, files, err := s.conn.Recv()
		if err != nil {
			return err
		}
		if msg.Op == ctl.Stream && len(files) == 1 && s.stream == nil {
			s.stream = files[0]
			continue
		}
		closeFiles(files)
		switch msg.Op {
		case ctl.Started:
			return nil
		case ctl.Error:
			return told(msg)
		}
	}
}

// explain prefers what the supervisor itself says of a failure over what came
// of it through containerd.
func (s *supervisor) explain(err error) error {
	s.conn.SetDeadline(time.Now().Add(tellTime))
	for {
		msg, files, rerr := s.conn.Recv()
		if errors.Is(rerr, io.EOF) && !errs.Is(err, errs.Unavailable) {
			return errs.New(errs.Internal, "the supervisor (pouch-shim) was lost before the container ran")
		}
		if rerr != nil {
			return err
		}
		closeFiles(files)
		if msg.Op == ctl.Error {
			return told(msg)
		}
	}
}
