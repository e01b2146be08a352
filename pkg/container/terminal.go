package container

import (
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/pouchcontainer/pouch/pkg/ctl"
)

// drainTimeout is how long Follow waits for the rest of a terminal's output
// after the process has ended.
const drainTimeout = 5 * time.Second

// follower is one Follow.
type follower struct {
	conn     *ctl.Conn
	o        FollowOpts
	detached atomic.Bool // by the detach keys
	left     atomic.Bool // because ctx ended

	came   uint64              // the signals that this program got, a bit each
	last   []time.Time         // when it got them
	missed chan syscall.Signal // one that has cancelled ctx: it may have come before this program listened

	stream *os.File      // the process' terminal, once it came
	copied chan struct{} // closed when all its output is written
	mu     sync.Mutex
	old    *term.State // of the caller's terminal
	lost   error       // of the first write to the caller's standard output that failed
}

// join connects the caller's streams with the process' terminal.
func (f *follower) join(stream *os.File) {
	f.stream, f.copied = stream, make(chan struct{})
	f.resize()
	if f.o.Stdin {
		f.raw()
		go f.input()
	}
	go f.show(stream)
}

func (f *follower) raw() {
	if !term.IsTerminal(int(f.o.IO.Stdin.Fd())) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.old, _ = term.MakeRaw(int(f.o.IO.Stdin.Fd()))
}

// restore gives the caller's terminal its mode back. Idempotent.
func (f *follower) restore() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.old != nil {
		term.Restore(int(f.o.IO.Stdin.Fd()), f.old) //nolint:errcheck // the terminal may have hung up
		f.old = nil
	}
}

// drain waits for the rest of the terminal's output.
func (f *follower) drain() {
	if f.stream == nil {
		return
	}
	select {
	case <-f.copied:
	case <-time.After(drainTimeout):
	}
}

// resize tells the size of the caller's terminal, if there is one.
func (f *follower) resize() {
	if w, h := f.o.IO.size(); w != 0 {
		f.conn.Send(&ctl.Message{Op: ctl.Resize, Width: w, Height: h}) //nolint:errcheck // the container may have ended
	}
}

// size is that of the terminal among the streams; 0, 0 when none is one.
func (s IO) size() (width, height uint16) {
	for _, f := range []*os.File{s.Stdout, s.Stdin} {
		if f == nil {
			continue
		}
		if w, h, err := term.GetSize(int(f.Fd())); err == nil {
			return uint16(w), uint16(h)
		}
	}
	return 0, 0
}

// input copies what is typed to the process' terminal. At the end of a file it
// types ctrl-D: after an unfinished line twice, for the first one only ends that.
func (f *follower) input() {
	keys := &detachKeys{}
	if term.IsTerminal(int(f.o.IO.Stdin.Fd())) { // in a file they are bytes as any
		keys.keys = f.o.IO.DetachKeys
	}
	buf, last := make([]byte, 32<<10), byte('\n')
	for {
		n, err := f.o.IO.Stdin.Read(buf)
		data, detach := keys.scan(buf[:n])
		if len(data) > 0 {
			last = data[len(data)-1]
			if _, werr := f.stream.Write(data); werr != nil {
				return
			}
		}
		if detach {
			f.detached.Store(true)
			f.conn.Send(&ctl.Message{Op: ctl.Detach}) //nolint:errcheck // the end of the connection says the same
			f.conn.Close()
			return
		}
		if err != nil {
			end := append(keys.rest(), 4)
			if last != '\n' {
				end = append(end, 4)
			}
			f.stream.Write(end) //nolint:errcheck // the container may have ended
			return
		}
	}
}
