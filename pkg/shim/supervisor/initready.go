package supervisor

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// awaitInit waits, a second at most, until Pouch's init takes signals: process 1 of
// a PID namespace is given none that it neither blocks nor handles, so one that came
// between its execve(2) and its sigprocmask(2) would be lost.
func (t *task) awaitInit(pid int) {
	if t.rec == nil || !t.rec.Process.Init {
		return
	}
	engine.AwaitExec(pid)
	for end := time.Now().Add(time.Second); !blocksSignals(pid) && time.Now().Before(end); {
		time.Sleep(200 * time.Microsecond)
	}
}

// blocksSignals reports whether pid blocks SIGTERM, or is gone: proc_pid_status(5).
func blocksSignals(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return true
	}
	for line := range strings.Lines(string(text)) {
		if mask, ok := strings.CutPrefix(line, "SigBlk:"); ok {
			set, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64)
			return err != nil || set&(1<<(unix.SIGTERM-1)) != 0
		}
	}
	return true // a zombie
}
