package supervisor

import (
	"context"
	"os"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
)

const (
	tellLimit    = 5 * time.Second
	publishLimit = 2 * time.Second
	// hangUpLimit is how long containerd may take to close its connection after
	// the answer to Shutdown.
	hangUpLimit = 500 * time.Millisecond
	// settleLimit ends the last act of a supervisor whose containerd hangs: the
	// next command does the rest.
	settleLimit = time.Minute
)

// leave ends the program: every answer is given, the sockets are closed, and of
// a container of Pouch all is given back that its run made.
func (s *Supervisor) leave() int {
	if s.ctl != nil {
		s.ctl.Close()
	}
	if !s.telling.wait(tellLimit) {
		s.log.errorf("a client did not take its answer")
	}
	s.ports.Close()
	s.events.Close(publishLimit)
	if s.cfg.pouch() {
		s.ttrpc.Close()
		if _, err := s.store.Container(s.cfg.ID); errs.Is(err, errs.NotFound) {
			return s.neverWas()
		}
		return s.settle()
	}
	s.conns.open.wait(hangUpLimit)
	s.ttrpc.Close()
	os.Remove(s.cfg.Socket)
	return 0
}

// neverWas ends a supervisor whose container was never made: an image that is
// not there, a name that is taken.
func (s *Supervisor) neverWas() int {
	if err := s.store.RemoveRun(s.cfg.ID); err != nil {
		s.log.errorf("remove the sockets: %v", err)
	}
	fsx.Adopt(os.NewFile(fdLock, s.store.SupervisorLock(s.cfg.ID))).Remove()
	return 0
}

// settle is the last act. The lock stays held until the program ends, so nobody
// sees the container without a supervisor before all is released.
func (s *Supervisor) settle() int {
	code := s.unitExit()
	if s.last == nil {
		return code
	}
	ctx, cancel := context.WithTimeout(context.Background(), settleLimit)
	defer cancel()
	if err := s.last(ctx, s.store, s.cfg.Address, s.cfg.ID); err != nil {
		s.log.errorf("clean up: %v", err)
	}
	return code
}
