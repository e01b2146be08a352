//go:build linux && amd64

// Package killpoint runs a program under ptrace(2) and kills it with SIGKILL
// just before one of its system calls that change the world: the n-th, counted
// over all its threads. Its children are not traced and live on.
package killpoint

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Result tells how a run ended.
type Result struct {
	Points int    // changing system calls that were seen, the deadly one included
	Killed bool   // it was killed at a point
	Call   string // the deadly system call, with the file it was about to touch
	Code   int    // exit code of a run that was not killed; -1 for a signal
}

// Limit bounds a run; one that takes longer hangs, and is killed.
const Limit = 5 * time.Minute

// ErrHung says that a run took longer than Limit.
var ErrHung = errors.New("hung")

// Run starts argv as attr says and kills it before its changing system call
// number at, counted from 1; 0 kills never. It returns when the process has
// ended. attr.Sys.Ptrace is set by it.
func Run(argv []string, attr *os.ProcAttr, at int) (Result, error) {
	return onThread(func() (Result, error) { return run(argv, attr, at) })
}

// Attach does with process pid, which has stopped itself (SIGSTOP), what Run does
// with one that it starts: it goes on, and is killed before its changing system
// call number at from now on. The code of one that is not killed is -1.
func Attach(pid, at int) (Result, error) {
	return onThread(func() (Result, error) { return attach(pid, at) })
}

// onThread does the tracing on a thread of its own: every ptrace request, and the
// wait for what is traced, must come from the one that began it. It ends with the
// goroutine.
func onThread(trace func() (Result, error)) (Result, error) {
	type outcome struct {
		r   Result
		err error
	}
	done := make(chan outcome)
	go func() {
		runtime.LockOSThread()
		r, err := trace()
		done <- outcome{r, err}
	}()
	o := <-done
	return o.r, o.err
}

func attach(pid, at int) (Result, error) {
	if err := unix.PtraceSeize(pid); err != nil {
		return Result{}, fmt.Errorf("trace %d: %w", pid, err)
	}
	if err := unix.PtraceInterrupt(pid); err != nil {
		return Result{}, err
	}
	var ws unix.WaitStatus
	if _, err := unix.Wait4(pid, &ws, unix.WALL, nil); err != nil || !ws.Stopped() {
		return Result{}, fmt.Errorf("wait for %d: %w", pid, err)
	}
	t := &tracer{pid: pid, at: at, calls: calls(), inside: map[int]bool{}}
	r, err := t.follow(fmt.Sprint(pid), func() error { return unix.Kill(pid, unix.SIGCONT) })
	if !r.Killed {
		r.Code = -1
	}
	return r, err
}

func run(argv []string, attr *os.ProcAttr, at int) (Result, error) {
	attr.Sys.Ptrace = true
	p, err := os.StartProcess(argv[0], argv, attr)
	if err != nil {
		return Result{}, err
	}
	defer p.Release()
	t := &tracer{pid: p.Pid, at: at, calls: calls(), inside: map[int]bool{}}
	var ws unix.WaitStatus
	if _, err := unix.Wait4(t.pid, &ws, unix.WALL, nil); err != nil || !ws.Stopped() {
		return Result{}, fmt.Errorf("wait for the exec of %s: %w", argv[0], err)
	}
	return t.follow(strings.Join(argv, " "), func() error { return nil })
}

// follow traces the process, which is stopped, to its end; wake lets it run.
func (t *tracer) follow(name string, wake func() error) (Result, error) {
	stop := time.AfterFunc(Limit, func() { t.hung.Store(true); unix.Kill(t.pid, unix.SIGKILL) })
	defer stop.Stop()
	if err := unix.PtraceSetOptions(t.pid, unix.PTRACE_O_TRACECLONE|unix.PTRACE_O_TRACESYSGOOD|unix.PTRACE_O_EXITKILL); err != nil {
		return Result{}, err
	}
	if err := wake(); err != nil {
		return Result{}, err
	}
	if err := unix.PtraceSyscall(t.pid, 0); err != nil {
		return Result{}, err
	}
	err := t.loop()
	if t.hung.Load() {
		err = fmt.Errorf("%s: %w for %v", name, ErrHung, Limit)
	}
	return t.r, err
}
