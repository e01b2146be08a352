package engine

import (
	"errors"

	"golang.org/x/sys/unix"
)

// execFailed is the exit code of a command that was found and cannot be
// executed, by the shells' convention (POSIX, "Exit Status for Commands").
const execFailed = 126

// ExitOf turns a wait status into an exit, by the shells' convention: 128+n
// for a process that signal n killed.
func ExitOf(ws unix.WaitStatus) Exit {
	if ws.Signaled() {
		return Exit{Code: 128 + int(ws.Signal())}
	}
	return Exit{Code: ws.ExitStatus()}
}

// AwaitEnd waits until pid, a child of this process, has ended, without reaping
// it, and reports whether it was then still runc's init: its exec has failed, as
// with a file of no format or of an interpreter that is not there. The init has
// said so on the process' stderr, and ended with 255, before runc 1.2 with 1.
func AwaitEnd(pid int) (notExecuted bool) {
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return err == nil && isInit(pid)
		}
	}
}

// OrNotExecuted is e, or 126 for that of an init that could not execute its
// command.
func (e Exit) OrNotExecuted(notExecuted bool) Exit {
	if notExecuted && (e.Code == 255 || e.Code == 1) {
		e.Code = execFailed
	}
	return e
}
