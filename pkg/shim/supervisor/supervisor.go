package supervisor

import (
	"context"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
	"github.com/pouchcontainer/pouch/pkg/shim/libct"
	"github.com/pouchcontainer/pouch/pkg/shim/portproxy"
	"github.com/pouchcontainer/pouch/pkg/shim/publish"
	"github.com/pouchcontainer/pouch/pkg/shim/ttrpc"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// Supervisor is the state of the program.
type Supervisor struct {
	cfg      *Config
	log      *logger
	last     Last // nil: none
	oomScore int
	libct    engine.Engine
	engines  engines
	events   *publish.Publisher
	ports    portproxy.Proxy

	store  *store.Store      // nil without a record of Pouch
	rec    *record.Container // likewise
	launch *ctl.Conn         // likewise
	ctl    *net.UnixListener // likewise
	task   *net.UnixListener
	ttrpc  *ttrpc.Server
	conns  countedListener // s.task

	notify atomic.Pointer[sdnotify] // nil: nobody listens

	client *client // who launched the container; nil without a record of Pouch

	warm    context.CancelFunc // ends the cgroup prewarm
	telling counter            // answers to clients on their way
	over    chan struct{}      // closed when the program is to end
	first   chan *task         // the one container of Pouch, once it is created
	once    sync.Once

	mu    sync.Mutex
	tasks map[string]*task
}

func newSupervisor(cfg *Config) *Supervisor {
	log := &logger{id: cfg.ID, debug: cfg.Debug}
	return &Supervisor{
		cfg: cfg, log: log, libct: libct.New(log),
		events: publish.New(os.Getenv("TTRPC_ADDRESS"), cfg.Namespace),
		over:   make(chan struct{}), first: make(chan *task, 1), tasks: map[string]*task{},
	}
}

// prewarmLimit ends the prewarm of a container that never comes.
const prewarmLimit = 10 * time.Second

// serve works until the program is to end, and returns its exit code.
func (s *Supervisor) serve() int {
	ctx, stop := context.WithTimeout(context.Background(), prewarmLimit)
	s.warm = stop
	go cgroup.Prewarm(ctx)
	s.serveTask()
	if s.cfg.pouch() {
		go s.serveLaunch()
		go s.serveCtl()
	}
	<-s.over
	stop()
	return s.leave()
}

// end lets the program end. Idempotent.
func (s *Supervisor) end() { s.once.Do(func() { close(s.over) }) }

// add reserves id for a task that is being made.
func (s *Supervisor) add(t *task) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tasks[t.id] != nil {
		return errs.New(errs.Conflict, "task %s exists already", t.id)
	}
	select {
	case <-s.over:
		return errs.New(errs.Unavailable, "the supervisor is ending")
	default:
	}
	s.tasks[t.id] = t
	return nil
}

func (s *Supervisor) drop(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tasks, id)
}

func (s *Supervisor) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tasks)
}

// get returns a task that was created.
func (s *Supervisor) get(id string) (*task, error) {
	s.mu.Lock()
	t := s.tasks[id]
	s.mu.Unlock()
	if t == nil || !t.made() {
		return nil, errs.New(errs.NotFound, "no task %s", id)
	}
	return t, nil
}

// only returns the one task of a supervisor with a record of Pouch.
func (s *Supervisor) only() (*task, error) {
	t, err := s.get(s.cfg.ID)
	if err != nil {
		return nil, errs.New(errs.Conflict, "container %s is not running", s.cfg.ID)
	}
	return t, nil
}
