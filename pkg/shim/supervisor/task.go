package supervisor

import (
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
	"github.com/pouchcontainer/pouch/pkg/shim/sysinfo"
	"github.com/pouchcontainer/pouch/pkg/stdio"
)

// phase of a task.
type phase int

const (
	making phase = iota
	created
	running
	restarting // between two lives
	stopped
	deleted
)

func (p phase) String() string {
	return [...]string{"being created", "created", "running", "restarting", "stopped", "deleted"}[p]
}

// task is one container under supervision.
type task struct {
	s      *Supervisor
	id     string
	bundle string
	rec    *record.Container                // nil: containerd's own
	newer  atomic.Pointer[record.Container] // of Reread; nil: rec
	eng    engine.Engine
	opts   engine.CreateOpts
	names  ioNames // of the streams, as containerd gave them

	wire  func() (*stdio.Streams, error) // makes the streams of one life
	input *stdio.Input                   // of process 1, copied from a client's fifo; nil without
	hub   *stdio.Hub                     // the terminal's, over all lives; nil without one
	logs  *logs                          // nil without a log

	logged chan struct{} // of process 1: see process

	cleaning sync.Mutex // held while the remains are removed
	mounted  bool       // the root was mounted here
	oom      *oomWatch  // of this life; nil without
	handed   *handed    // descriptors that a life gets as they are; nil without
	health   health     // of a container that has a check
	held     []*os.File // namespaces that only the parent sees by path

	named  []specs.LinuxNamespace // those of other containers without a path
	joined []*os.File             // of those in this life
	shm    shmOf                  // zero: of the container's own

	rootMounts []mount.Mount // of the root, without a mapping of owners

	secrets   *secrets   // nil: no files of secrets
	preserved []*os.File // what process 1 gets from 3 on

	answers *sysinfo.Answers // of a container with lxcfs; nil: none are given

	limits  sync.Mutex        // held while a life is created and while its limits change: guards the spec's
	limited *record.Resources // what update has set; nil: the record's at the start

	mu         sync.Mutex
	phase      phase
	paused     bool
	dumping    bool             // a checkpoint that ends the container is being written
	c          engine.Container // of this life
	main       *process         // process 1 of this life
	execs      map[string]*process
	apart      []*cgroup.Group // of execs that have ended and left something running
	since      time.Time       // this life's process 1 runs; zero: none ever did
	starting   chan struct{}   // closed when the start of this life has worked or failed; nil before
	backoff    time.Duration
	restarts   int
	last       bool          // no further life
	byUser     bool          // ... because the user wants so
	ending     asked         // who asked for the end of this life
	stopping   chan struct{} // closed with last
	reconsider chan struct{} // holds one when the restart policy was changed
	born       chan error    // told of the next life; nil: no user waits for it
	bearing    chan error    // born, of a life that begins

	life   *life         // the one that runs, or is to come
	ended  chan struct{} // closed at the end of the last life: result is set
	result result
}

// result is how a task ended.
type result struct {
	code int
	oom  bool
	at   time.Time
	pid  int
}

// process is process 1 or an exec of a container.
type process struct {
	id      string // of an exec; process 1 has none
	spec    *specs.Process
	names   ioNames
	streams *stdio.Streams
	hub     *stdio.Hub
	input   *stdio.Input  // of a client's fifo; nil without
	logged  chan struct{} // closed when its logging program is done; nil without one

	extra        []*os.File // of an exec: descriptors from 3 on
	apart        bool       // it gets a cgroup of its own
	onClientExit string     // of an exec: kill (also when empty), stop or keep

	keepInput bool // the fifo's clients may come and go: only CloseIO ends the input

	mu     sync.Mutex
	p      engine.Process // nil before its start
	group  *cgroup.Group  // nil: none of its own
	starts bool           // it is being started, or was
	done   chan struct{}  // closed when it has ended and its output is complete: code and at are set
	code   int
	at     time.Time
}

// ioNames are containerd's names of a process' streams: paths of fifos, or URIs.
type ioNames struct {
	stdin, stdout, stderr string
	terminal              bool
}

func newTask(s *Supervisor, id, bundle string) *task {
	return &task{
		s: s, id: id, bundle: bundle, execs: map[string]*process{},
		life: newLife(), stopping: make(chan struct{}), reconsider: make(chan struct{}, 1), ended: make(chan struct{}),
	}
}

func (t *task) made() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.phase != making && t.phase != deleted
}

// current returns the container of this life and the phase.
func (t *task) current() (engine.Container, phase) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.c, t.phase
}

// pid of process 1, as the host sees it; after its end the one it had.
func (t *task) pid() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.c == nil {
		return t.result.pid
	}
	return t.c.Pid()
}

// stopByUser makes this life the last one, as the user wants.
func (t *task) stopByUser() {
	t.mu.Lock()
	t.byUser = true
	t.mu.Unlock()
	t.lastLife()
}

// lastLife makes this life the last one. Idempotent.
func (t *task) lastLife() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.last {
		t.last = true
		close(t.stopping)
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
