package libct

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// starts knows the processes that libcontainer waits for. When the start of one
// fails, as that of an exec does whose container is killed meanwhile, it leaves
// the stages of its init behind, which are children of this process. runc, which
// exits, need not care; here they would stay zombies, and a zombie in a pid
// namespace keeps process 1 of it from its end for good (pid_namespaces(7)).
type starts struct {
	busy sync.RWMutex // shared by every start under way

	mu   sync.Mutex
	pids map[int]bool // known processes
}

// begin tells of a start; the result ends it.
func (s *starts) begin() (end func()) {
	s.busy.RLock()
	return s.busy.RUnlock
}

func (s *starts) know(pid int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pids[pid] = true
}

func (s *starts) forget(pid int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pids, pid)
}

// reapLimit is how long the stages of a failed start may take to end: their
// pipe is closed, or they are killed with their namespace.
const reapLimit = 10 * time.Second

// reap waits for what failed starts have left.
func (s *starts) reap() {
	left := s.orphans()
	for end := time.Now().Add(reapLimit); len(left) > 0 && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		var still []int
		for _, pid := range left {
			// A child keeps its pid until it is waited for.
			if got, err := unix.Wait4(pid, nil, unix.WNOHANG, nil); err == nil && got == 0 {
				still = append(still, pid)
			}
		}
		left = still
	}
}

// orphans are the children of this process that are stages of an init and that
// nobody waits for: no start is under way while they are looked up.
func (s *starts) orphans() []int {
	s.busy.Lock()
	defer s.busy.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil
	}
	me := strconv.Itoa(os.Getpid())
	var out []int
	for _, d := range dirs {
		b, err := os.ReadFile(filepath.Join(d, "stat"))
		pid, perr := strconv.Atoi(filepath.Base(d))
		if err != nil || perr != nil || s.pids[pid] {
			continue
		}
		// pid (name) state ppid: proc_pid_stat(5). libcontainer names its stages so.
		name, rest := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
		f := bytes.Fields(b[rest+1:])
		if len(f) > 1 && string(f[1]) == me && bytes.HasPrefix(b[name+1:], []byte("runc:[")) {
			out = append(out, pid)
		}
	}
	return out
}
