package libct

import (
	"errors"
	"os"
	"sync/atomic"
	"syscall"

	"github.com/opencontainers/runc/libcontainer"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// process is a started process. libcontainer alone waits for it, through its
// pidfd, so signals never reach another process.
type process struct {
	engine.Console
	lp      *libcontainer.Process
	pid     int
	started atomic.Bool   // it was let run: process 1 by Start
	done    chan struct{} // closed when exit is set
	exit    engine.Exit
}

// watch begins to wait for lp.
func (e *Engine) watch(lp *libcontainer.Process) (*process, error) {
	pid, err := lp.Pid()
	if err != nil {
		return nil, err
	}
	e.starts.know(pid)
	p := &process{lp: lp, pid: pid, done: make(chan struct{})}
	go func() {
		failed := engine.AwaitEnd(pid)
		st, _ := lp.Wait() // an error is the exit status itself, told by st
		e.starts.forget(pid)
		p.exit = exitOf(st).OrNotExecuted(failed)
		p.Console.Release()
		close(p.done)
	}()
	return p, nil
}

func exitOf(st *os.ProcessState) engine.Exit {
	if st == nil {
		return engine.Exit{Code: 255}
	}
	ws, ok := st.Sys().(syscall.WaitStatus)
	if !ok {
		return engine.Exit{Code: st.ExitCode()}
	}
	return engine.ExitOf(unix.WaitStatus(ws))
}

// takeConsole receives the terminal's master, and hands it to the caller.
func (p *process) takeConsole(parent *os.File, to func(*os.File)) error {
	master, err := engine.ReceiveConsole(parent)
	if err != nil {
		return err
	}
	if err := p.Console.Keep(master); err != nil {
		master.Close()
		return err
	}
	if to == nil {
		return master.Close()
	}
	to(master)
	return nil
}

// Pid is the process as the host sees it.
func (p *process) Pid() int { return p.pid }

// Wait implements engine.Process.
func (p *process) Wait() engine.Exit {
	<-p.done
	return p.exit
}

// Signal implements engine.Process.
func (p *process) Signal(sig os.Signal) error {
	if p.started.Load() && sig != unix.SIGKILL {
		engine.AwaitExec(p.pid)
	}
	if p.ended() {
		return unix.ESRCH
	}
	err := p.lp.Signal(sig)
	if errors.Is(err, os.ErrProcessDone) {
		return unix.ESRCH
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
