package proc

import (
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// WithUserns calls f with the pid of a process in a new user namespace that has
// these ids, and in the new namespaces also (CLONE_NEW*, clone(2)) that belong to
// it. The process is stopped before it runs anything (ptrace(2)) and is gone
// when WithUserns returns: f opens what it wants to keep below /proc/<pid>/ns.
func WithUserns(uids, gids []record.IDMap, also uintptr, f func(pid int) error) error {
	runtime.LockOSThread() // the tracer is the thread
	defer runtime.UnlockOSThread()
	p, err := os.StartProcess("/proc/self/exe", []string{"userns"}, &os.ProcAttr{Sys: &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWUSER | also, UidMappings: sysIDs(uids), GidMappings: sysIDs(gids),
		GidMappingsEnableSetgroups: true, Ptrace: true, Pdeathsig: unix.SIGKILL,
	}})
	if err != nil {
		return err
	}
	defer func() {
		p.Kill() // it may be gone
		p.Wait() //nolint:errcheck // it has ended
	}()
	return f(p.Pid)
}

func sysIDs(ids []record.IDMap) []syscall.SysProcIDMap {
	out := make([]syscall.SysProcIDMap, 0, len(ids))
	for _, m := range ids {
		out = append(out, syscall.SysProcIDMap{ContainerID: int(m.Container), HostID: int(m.Host), Size: int(m.Size)})
	}
	return out
}
