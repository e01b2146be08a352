package ociruntime

import (
	"errors"
	"os"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// process is a process that the runtime left to this one.
type process struct {
	engine.Console
	p       *os.Process   // by pidfd: signals never reach another process
	started atomic.Bool   // it was let run: process 1 by Start
	done    chan struct{} // closed when exit is set
	exit    engine.Exit
}

// watch begins to wait for pid, a child of this process, and for no other.
func watch(pid int) (*process, error) {
	op, err := os.FindProcess(pid)
	if err != nil {
		return nil, err
	}
	p := &process{p: op, done: make(chan struct{})}
	go func() {
		failed := engine.AwaitEnd(pid)
		st, err := op.Wait()
		p.exit = engine.Exit{Code: 255} // not our child: its exit is not to be had
		if err == nil {
			if ws, ok := st.Sys().(syscall.WaitStatus); ok {
				p.exit = engine.ExitOf(unix.WaitStatus(ws)).OrNotExecuted(failed)
			}
		}
		p.Console.Release()
		close(p.done)
	}()
	return p, nil
}

// Pid is the process as the host sees it.
func (p *process) Pid() int { return p.p.Pid }

// Wait implements engine.Process.
func (p *process) Wait() engine.Exit {
	<-p.done
	return p.exit
}

// Signal implements engine.Process.
func (p *process) Signal(sig os.Signal) error {
	if p.started.Load() && sig != unix.SIGKILL {
		engine.AwaitExec(p.Pid())
	}
	if p.ended() {
		return unix.ESRCH
	}
	err := p.p.Signal(sig)
	if errors.Is(err, os.ErrProcessDone) {
		return unix.ESRCH
	}
	return err
}

// kill kills the process and waits for its end.
func (p *process) kill() error {
	err := p.Signal(unix.SIGKILL)
	if errors.Is(err, unix.ESRCH) {
		err = nil
	}
	if err == nil {
		p.Wait()
	}
	return err
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}
