//go:build linux && amd64

package killpoint

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

type tracer struct {
	pid    int
	at     int
	calls  map[uint64]string
	inside map[int]bool // threads that are in a system call
	hung   atomic.Bool
	r      Result
}

// loop follows every thread until the process has ended.
func (t *tracer) loop() error {
	for {
		var ws unix.WaitStatus
		// Only what this thread traces: the rest of the program has children too.
		tid, err := unix.Wait4(-1, &ws, unix.WALL|unix.WNOTHREAD, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("wait for traced threads: %w", err)
		}
		switch {
		case ws.Exited() || ws.Signaled():
			delete(t.inside, tid)
			if tid == t.pid {
				t.r.Code = ws.ExitStatus()
				return nil
			}
		case ws.Stopped():
			t.resume(tid, t.stopped(tid, ws))
		}
	}
}

// stopped handles a stop and returns the signal to deliver.
func (t *tracer) stopped(tid int, ws unix.WaitStatus) int {
	switch sig := ws.StopSignal(); {
	case sig == unix.SIGTRAP|0x80:
		t.inside[tid] = !t.inside[tid]
		if t.inside[tid] {
			t.enter(tid)
		}
		return 0
	case sig == unix.SIGTRAP, sig == unix.SIGSTOP: // an event, a new thread
		return 0
	default:
		return int(sig)
	}
}

func (t *tracer) resume(tid, sig int) {
	unix.PtraceSyscall(tid, sig) // ESRCH: it was killed meanwhile, which Wait4 tells
}

func (t *tracer) enter(tid int) {
	var regs unix.PtraceRegs
	if t.r.Killed || unix.PtraceGetRegs(tid, &regs) != nil {
		return
	}
	name, changes := t.changes(tid, &regs)
	if !changes {
		return
	}
	t.r.Points++
	if t.r.Points == t.at {
		t.r.Killed, t.r.Call = true, name
		unix.Kill(t.pid, unix.SIGKILL)
	}
}

// changes reports whether a system call changes something outside the process.
func (t *tracer) changes(tid int, regs *unix.PtraceRegs) (string, bool) {
	name, ok := t.calls[regs.Orig_rax]
	if !ok {
		return "", false
	}
	switch regs.Orig_rax {
	case unix.SYS_OPENAT:
		return name + " " + text(tid, regs.Rsi), regs.Rdx&(unix.O_CREAT|unix.O_TRUNC) != 0
	case unix.SYS_WRITE, unix.SYS_PWRITE64, unix.SYS_SENDTO, unix.SYS_SENDMSG, unix.SYS_FTRUNCATE, unix.SYS_FLOCK, unix.SYS_FSYNC, unix.SYS_IOCTL:
		file, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tid, regs.Rdi))
		return name + " " + file, !strings.Contains(file, "eventfd")
	case unix.SYS_MKDIRAT, unix.SYS_UNLINKAT, unix.SYS_FCHMODAT:
		return name + " " + text(tid, regs.Rsi), true
	case unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2, unix.SYS_LINKAT:
		return name + " " + text(tid, regs.R10), true
	case unix.SYS_MOUNT:
		return name + " " + text(tid, regs.Rsi), true
	case unix.SYS_CLONE:
		return name, regs.Rdi&unix.CLONE_THREAD == 0
	}
	return name, true
}

// text reads a path out of the traced process.
func text(tid int, addr uint64) string {
	b := make([]byte, 256)
	n, err := unix.PtracePeekData(tid, uintptr(addr), b)
	if err != nil && n == 0 {
		return "?"
	}
	s, _, _ := strings.Cut(string(b[:n]), "\x00")
	return s
}
