package ociruntime

import (
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
)

// reaper waits for the orphans that become children of this process, the
// subreaper, and would stay zombies: processes of a container without a pid
// namespace, and what a runtime leaves that failed or was killed. A zombie in a
// container's pid namespace even keeps its process 1 from ending
// (pid_namespaces(7)). It takes only zombies of such a pid namespace, of a
// container's cgroup, or of a failed runtime's process group, that nobody else
// waits for; and none while a runtime may be about to leave us one. What belongs to
// another engine of this process it does not know, and leaves alone.
type reaper struct {
	mu      sync.RWMutex // held for reading while create or exec runs
	owned   sync.Map     // pid to *process
	marks   sync.Mutex   // guards the rest
	groups  map[string]*cgroup.Group
	spaces  map[string]bool // pid namespaces of containers
	leaders map[int]bool    // process groups of runtimes that failed, sessions of containers
	dying   map[int]bool    // processes that are being killed
}

// newReaper starts a reaper, which lives as long as the process.
func newReaper() *reaper {
	r := &reaper{groups: map[string]*cgroup.Group{}, spaces: map[string]bool{}, leaders: map[int]bool{}, dying: map[int]bool{}}
	events := make(chan os.Signal, 1)
	signal.Notify(events, unix.SIGCHLD)
	go func() {
		for range events {
			r.sweep()
		}
	}()
	return r
}

// group says that processes of g are the container's. Idempotent.
func (r *reaper) group(g *cgroup.Group) {
	r.mark(func() { r.groups[g.Paths()[0]] = g })
}

// home says that the processes of p's pid namespace are the container's, as long
// as p, its process 1, is there: the kernel gives the namespace's number to
// another then. When that is this process' own namespace, those of p's session
// are: only a v2 hierarchy tells the cgroup of a zombie. at is where p was before
// it could be reaped.
func (r *reaper) home(p *process, at place, init bool) {
	self := placeOf("self")
	space := at.space
	if space == "" || space == self.space {
		if at.session > 0 && at.session != self.session {
			r.mark(func() { r.leaders[at.session] = true })
		}
		return
	}
	if !init {
		return
	}
	r.mark(func() { r.spaces[space] = true })
	go func() {
		<-p.done
		r.mark(func() { delete(r.spaces, space) })
	}()
}

func (r *reaper) mark(f func()) {
	r.marks.Lock()
	defer r.marks.Unlock()
	f()
}

// leader says that the processes of a process group are a failed runtime's.
func (r *reaper) leader(pid int) {
	r.mark(func() { r.leaders[pid] = true })
	r.sweep()
}

// notLeader says that pid is a new process, whatever had that pid before.
func (r *reaper) notLeader(pid int) {
	r.mark(func() { delete(r.leaders, pid) })
}

// sweep reaps the strays that there are.
func (r *reaper) sweep() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, pid := range children() {
		if _, ok := r.owned.Load(pid); ok || !r.stray(pid) {
			continue
		}
		var info unix.Siginfo
		unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOHANG, nil) //nolint:errcheck // it may be gone
	}
}

// expectation is how long expect waits for zombies.
const expectation = 5 * time.Second

// expect says that pids are a container's that is about to be killed: those
// that become zombies of this process are strays.
func (r *reaper) expect(pids []int) {
	r.mark(func() {
		for _, pid := range pids {
			r.dying[pid] = true
		}
	})
	time.AfterFunc(expectation, func() {
		r.mark(func() {
			for _, pid := range pids {
				delete(r.dying, pid)
			}
		})
	})
}

// stray reports whether pid is a zombie that is ours to reap.
func (r *reaper) stray(pid int) bool {
	at := placeOf(strconv.Itoa(pid))
	if !at.zombie {
		return false
	}
	r.marks.Lock()
	defer r.marks.Unlock()
	if r.dying[pid] || r.leaders[at.group] || r.leaders[at.session] || r.spaces[at.space] {
		return true
	}
	g, err := cgroup.OfPid(pid)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(g.Paths(), r.known)
}

// place is where a process is. The kernel keeps it for a zombie.
type place struct {
	zombie         bool
	group, session int    // proc_pid_stat(5)
	space          string // its pid namespace
}

// placeOf returns the zero place for a process that is gone.
func placeOf(pid string) (p place) {
	b, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return p
	}
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	if len(f) < 4 {
		return p
	}
	p.zombie = f[0] == "Z"
	p.group, _ = strconv.Atoi(f[2])
	p.session, _ = strconv.Atoi(f[3])
	p.space, _ = os.Readlink("/proc/" + pid + "/ns/pid")
	return p
}

// known reports whether a cgroup's folder is a container's, or below one.
func (r *reaper) known(path string) bool {
	path = strings.TrimSuffix(path, " (deleted)")
	for _, g := range r.groups {
		for _, p := range g.Paths() {
			if path == p || strings.HasPrefix(path, p+"/") {
				return true
			}
		}
	}
	return false
}

// children lists the children of this process, of every thread
// (proc_pid_task_children(5)).
func children() []int {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return nil
	}
	var out []int
	for _, t := range tasks {
		b, err := os.ReadFile("/proc/self/task/" + t.Name() + "/children")
		if err != nil {
			continue
		}
		for f := range strings.FieldsSeq(string(b)) {
			if pid, err := strconv.Atoi(f); err == nil {
				out = append(out, pid)
			}
		}
	}
	return out
}

// own says that p waits for itself.
func (r *reaper) own(p *process) {
	r.owned.Store(p.Pid(), p)
	go func() {
		<-p.done
		r.owned.Delete(p.Pid())
	}()
}

// pause keeps the reaper off while a runtime runs; resume lets it on.
func (r *reaper) pause() { r.mu.RLock() }

func (r *reaper) resume() {
	r.mu.RUnlock()
	go r.sweep() // what came meanwhile
}
