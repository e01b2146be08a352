package supervisor

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// Last settles a container of Pouch after its end: what the run made is given
// back, and with --rm the container, too. address is pouch-run's --address.
type Last func(ctx context.Context, s *store.Store, address, id string) error

// Main runs the supervisor and returns its exit code. args is os.Args; last is
// its last act for a container of Pouch; nil: none. The caller has locked the
// main goroutine to the leader thread, which Main blocks: no goroutine of
// libcontainer's may run there (it would leave the thread in a container's mount
// namespace).
func Main(args []string, last Last) int {
	if len(args) > 1 && args[1] == "delete" {
		return deleteDead(args[2:])
	}
	unix.Umask(0o022) // not the caller's: the container's users reach what is made for them
	cfg, err := parse(args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "pouch-shim:", err)
		return errs.KindOf(err).Exit()
	}
	if cfg.pouch() {
		if err := ownMounts(); err != nil {
			fmt.Fprintln(os.Stderr, "pouch-shim:", err)
			return 1
		}
	}
	done := make(chan int)
	go func() { done <- run(cfg, last) }()
	return <-done
}

func run(cfg *Config, last Last) int {
	// Caught and dropped, not ignored: a container would inherit that they are.
	signal.Notify(make(chan os.Signal, 1), unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGPIPE)
	debug.SetGCPercent(-1) // until the container has run for a while: see settleDown
	runtime.GOMAXPROCS(1)  // likewise: one does little at a time, and threads cost more; pouch-run's environment says so, too
	proc.CalmMonitor()
	s := newSupervisor(cfg)
	s.last = last
	s.oomScore = protect()
	if err := s.inherit(); err != nil {
		s.log.errorf("start: %v", err)
		return 1
	}
	return s.serve()
}

// inherit takes over the descriptors that the parent left. They are marked
// close-on-exec first of all, so that no container gets one.
func (s *Supervisor) inherit() error {
	last := fdTaskPlain
	if s.cfg.pouch() {
		last = fdLock
	}
	for fd := 3; fd <= last; fd++ {
		unix.CloseOnExec(fd)
	}
	closeStrays(last)
	if !s.cfg.pouch() {
		return s.listenTask(fdTaskPlain)
	}
	var err error
	s.store = &store.Store{Root: s.cfg.Root, RunRoot: s.cfg.RunRoot} // pouch-run has made it
	s.client = newClient()
	if s.launch, err = ctl.FromFile(os.NewFile(fdLaunch, "launch")); err != nil {
		return fmt.Errorf("descriptor %d: %w", fdLaunch, err)
	}
	l, err := listener(fdCtl)
	if err != nil {
		return err
	}
	s.ctl = l
	return s.listenTask(fdTask)
}

// closeStrays closes what the caller of the command that started us had open
// beyond its standard streams, and did not mark close-on-exec: a shell's
// redirections. Whoever waits for the end of such a pipe must not wait for the
// container. The Go runtime's own descriptors are marked.
func closeStrays(last int) {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= last {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			unix.Close(fd)
		}
	}
}

func (s *Supervisor) listenTask(fd uintptr) (err error) {
	s.task, err = listener(fd)
	return err
}

func listener(fd uintptr) (*net.UnixListener, error) {
	f := os.NewFile(fd, "socket")
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("descriptor %d: %w", fd, err)
	}
	u, ok := l.(*net.UnixListener)
	if !ok {
		l.Close()
		return nil, fmt.Errorf("descriptor %d: not a unix socket", fd)
	}
	u.SetUnlinkOnClose(false)
	return u, nil
}

// protect makes the supervisor one of the last that the kernel kills for
// memory, and returns the score it had: its containers get that one.
func protect() int {
	const path = "/proc/self/oom_score_adj"
	b, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	was, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0
	}
	os.WriteFile(path, []byte("-999"), 0) //nolint:errcheck // refused without CAP_SYS_RESOURCE: then it stays
	return was
}
