package supervisor

import (
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/libexec"
)

const (
	tellLimit    = 5 * time.Second
	publishLimit = 2 * time.Second
	// hangUpLimit is how long containerd may take to close its connection after
	// the answer to Shutdown.
	hangUpLimit = 500 * time.Millisecond
)

// leave ends the program: every answer is given, the sockets are closed. A
// supervisor of Pouch becomes `pouch-run gc ID`.
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
		return s.becomeGC()
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

// becomeGC replaces the program. The lock stays held by its descriptor, so
// nobody sees the container without a supervisor before all is released.
func (s *Supervisor) becomeGC() int {
	gc, err := libexec.Find("pouch-run")
	if err != nil {
		s.log.errorf("clean up: %v", err)
		return 0
	}
	args := []string{gc, "--root", s.cfg.Root, "--run-root", s.cfg.RunRoot}
	if s.cfg.Address != "" {
		args = append(args, "--address", s.cfg.Address)
	}
	args = append(args, "gc")
	if code := s.unitExit(); code != 0 {
		args = append(args, "--status", strconv.Itoa(code))
	}
	args = append(args, s.cfg.ID)
	if _, err := unix.FcntlInt(fdLock, unix.F_SETFD, 0); err != nil {
		s.log.errorf("keep the lock: %v", err)
	}
	os.WriteFile("/proc/self/oom_score_adj", []byte("0"), 0)
	env := []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	if err := unix.Exec(gc, args, env); err != nil {
		s.log.errorf("exec %s: %v", strings.Join(args, " "), err)
	}
	return 1
}
