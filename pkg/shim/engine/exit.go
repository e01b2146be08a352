package engine

import "golang.org/x/sys/unix"

// ExitOf turns a wait status into an exit, by the shells' convention: 128+n
// for a process that signal n killed.
func ExitOf(ws unix.WaitStatus) Exit {
	if ws.Signaled() {
		return Exit{Code: 128 + int(ws.Signal())}
	}
	return Exit{Code: ws.ExitStatus()}
}
