package ociruntime

import (
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
)

// reaper waits for the orphans of a container without a pid namespace: they
// become children of this process, the subreaper, and would stay zombies. It
// takes only zombies that were in the container's cgroup and that nobody else
// waits for, and none while a runtime may be about to leave us one. A nil
// reaper does nothing.
type reaper struct {
	group  *cgroup.Group
	events chan os.Signal
	quit   chan struct{}
	gone   chan struct{}
	once   sync.Once

	mu    sync.RWMutex // held for reading while create or exec runs
	owned sync.Map     // pid of a *process
}

func newReaper(g *cgroup.Group) *reaper {
	r := &reaper{group: g, events: make(chan os.Signal, 1), quit: make(chan struct{}), gone: make(chan struct{})}
	signal.Notify(r.events, unix.SIGCHLD)
	go r.loop()
	return r
}

func (r *reaper) loop() {
	defer close(r.gone)
	for {
		select {
		case <-r.events:
			r.sweep()
		case <-r.quit:
			r.sweep()
			return
		}
	}
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

// stray reports whether pid is a zombie of the container's cgroup: the kernel
// keeps a zombie's membership.
func (r *reaper) stray(pid int) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, rest, ok := strings.Cut(string(b[max(0, strings.LastIndexByte(string(b), ')')):]), ") ")
	if !ok || !strings.HasPrefix(rest, "Z") {
		return false
	}
	g, err := cgroup.OfPid(pid)
	if err != nil {
		return false
	}
	ours := r.group.Paths()
	return slices.ContainsFunc(g.Paths(), func(p string) bool {
		p = strings.TrimSuffix(p, " (deleted)")
		return slices.ContainsFunc(ours, func(o string) bool { return p == o || strings.HasPrefix(p, o+"/") })
	})
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
	if r == nil {
		return
	}
	r.owned.Store(p.Pid(), p)
	go func() {
		<-p.done
		r.owned.Delete(p.Pid())
	}()
}

// pause keeps the reaper off while a runtime runs; resume lets it on.
func (r *reaper) pause() {
	if r != nil {
		r.mu.RLock()
	}
}

func (r *reaper) resume() {
	if r != nil {
		r.mu.RUnlock()
		select { // what came meanwhile
		case r.events <- unix.SIGCHLD:
		default:
		}
	}
}

// stop reaps a last time and ends the reaper. Idempotent.
func (r *reaper) stop() {
	if r == nil {
		return
	}
	r.once.Do(func() {
		signal.Stop(r.events)
		close(r.quit)
	})
	<-r.gone
}
