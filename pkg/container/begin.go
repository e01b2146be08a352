package container

import (
	"context"
	"sync"
	"time"

	"github.com/pouchcontainer/pouch/pkg/ctl"
)

// tellTime is how long the supervisor's own words about a failure are waited
// for: it tells them before containerd does.
const tellTime = 200 * time.Millisecond

// begin calls start, which lets the container run through containerd, and
// returns when the supervisor says that it does. The supervisor's word counts:
// the container may have ended, and its supervisor gone, before containerd has
// looked. A terminal that comes along is kept for the one who follows.
func (s *supervisor) begin(ctx context.Context, start func(context.Context) error) error {
	failed := make(chan error, 1)
	var mu sync.Mutex
	said := false
	go func() {
		err := start(ctx)
		failed <- err
		mu.Lock()
		defer mu.Unlock()
		if err != nil && !said {
			s.conn.SetDeadline(time.Now().Add(tellTime))
		}
	}()
	err := s.awaitStarted()
	mu.Lock()
	said = true
	s.conn.SetDeadline(time.Time{})
	mu.Unlock()
	if isTimeout(err) {
		return <-failed
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
		if rerr != nil {
			return err
		}
		closeFiles(files)
		if msg.Op == ctl.Error {
			return told(msg)
		}
	}
}
