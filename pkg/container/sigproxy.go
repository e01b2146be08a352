package container

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
)

// ear keeps the signals that this program gets until they are forwarded.
type ear chan os.Signal

// listen begins to keep signals for a process that is not started yet: its first
// words may be answered with one, before the command knows that it runs. Without
// proxy it keeps none.
func listen(proxy bool) ear {
	e := make(ear, 64)
	if proxy {
		signal.Notify(e, forwarded()...)
	}
	return e
}

func (e ear) close() { signal.Stop(e) }

// signals begins to forward signals to the process and window sizes to its
// terminal; the returned function ends that.
func (f *follower) signals(ctx context.Context) (stop func()) {
	ch, quit := f.o.heard, make(chan struct{})
	early, was := syscall.Signal(0), false
	if ch == nil {
		early, was = signalOf(ctx) // it came before we listened
		ch = listen(f.o.SigProxy)
	}
	signal.Notify(ch, unix.SIGWINCH)
	f.missed = make(chan syscall.Signal, 1)
	if f.o.SigProxy && was {
		f.came |= bit(early)
		f.send(early)
	}
	go func() {
		for {
			select {
			case s := <-ch:
				f.forward(s)
			case s := <-f.missed:
				for len(ch) > 0 {
					f.forward(<-ch)
				}
				if f.came&bit(s) == 0 {
					f.send(s)
				}
			case <-quit:
				return
			}
		}
	}()
	return func() {
		ch.close()
		close(quit)
	}
}

// forward sends a signal to the process, or the window's size to its terminal.
func (f *follower) forward(s os.Signal) {
	if s == unix.SIGWINCH {
		f.resize()
		return
	}
	if f.last = append(f.last, time.Now()); s == unix.SIGINT && impatient(f.last) {
		s = unix.SIGKILL
	}
	f.came |= bit(s.(syscall.Signal))
	f.send(s.(syscall.Signal))
}

// delivered waits until every signal that this program has got is in the channels of those
// who listen. A signal that is told to two of them is told one after the other.
func delivered() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, unix.SIGWINCH)
	signal.Stop(c) // returns when what is under way is delivered
}

func bit(s syscall.Signal) uint64 { return 1 << (uint(s) % 64) }

// impatient reports whether the last three signals came within two seconds: who
// presses ctrl-C that often wants the process gone, though as process 1 it may
// ignore the signal.
func impatient(times []time.Time) bool {
	n := len(times)
	return n >= 3 && times[n-1].Sub(times[n-3]) < 2*time.Second
}

func (f *follower) send(s syscall.Signal) {
	if f.o.unit.takes(f.conn, s, f.o.container) {
		return
	}
	f.conn.Send(&ctl.Message{Op: ctl.Signal, Signal: int(s)}) //nolint:errcheck // a container that has ended needs none
}

// forwarded are the signals that go to the process: all that can be caught but
// those that speak of this program's own children, pipes, sockets, faults and
// place in its shell's job control.
func forwarded() []os.Signal {
	own := map[unix.Signal]bool{
		unix.SIGKILL: true, unix.SIGSTOP: true, unix.SIGCHLD: true, unix.SIGPIPE: true, unix.SIGURG: true,
		unix.SIGWINCH: true, unix.SIGTSTP: true, unix.SIGTTIN: true, unix.SIGTTOU: true, unix.SIGCONT: true,
		unix.SIGILL: true, unix.SIGTRAP: true, unix.SIGBUS: true, unix.SIGFPE: true, unix.SIGSEGV: true,
		unix.SIGSYS: true, unix.SIGPROF: true, 32: true, 33: true, // the C library's
	}
	var out []os.Signal
	for s := unix.Signal(1); s <= 64; s++ {
		if !own[s] {
			out = append(out, s)
		}
	}
	return out
}
