package container

import (
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// relay stands between a process that has no terminal of its own and the caller's: a
// process that had that one could read from it what is typed to others, and change its
// settings (tty_ioctl(2)), be it by its stdout. Pipes and files a process gets
// themselves. The nil relay carries nothing.
type relay struct{ lines []*line }

// line carries what is written into a pipe to a terminal.
type line struct {
	from, to *os.File
	done     chan struct{} // closed when nothing is carried any more
}

// offTerminal puts a pipe in the place of each of the files that is a terminal, one for
// those that are the same terminal, so that what comes by both keeps its order. The pipes
// are the caller's to close.
func offTerminal(files ...**os.File) (r *relay, pipes []*os.File, err error) {
	var was []*os.File
	for _, f := range files {
		if *f == nil || !term.IsTerminal(int((*f).Fd())) {
			continue
		}
		i := 0
		for i < len(was) && !same(was[i], *f) {
			i++
		}
		if i == len(was) {
			l, in, err := newLine(*f)
			if err != nil {
				closeFiles(pipes) // ends the lines there are
				return nil, nil, err
			}
			if r == nil {
				r = &relay{}
			}
			r.lines, was, pipes = append(r.lines, l), append(was, *f), append(pipes, in)
		}
		*f = pipes[i]
	}
	return r, pipes, nil
}

func same(a, b *os.File) bool {
	x, err := a.Stat()
	if err != nil {
		return false
	}
	y, err := b.Stat()
	return err == nil && os.SameFile(x, y)
}

// newLine returns a line to a terminal with the end that is written to, which blocks as
// a process expects of its streams.
func newLine(to *os.File) (*line, *os.File, error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return nil, nil, os.NewSyscallError("pipe2", err)
	}
	in := os.NewFile(uintptr(p[1]), "pipe to "+to.Name())
	if err := unix.SetNonblock(p[0], true); err != nil { // so that a read can be ended
		unix.Close(p[0])
		in.Close()
		return nil, nil, os.NewSyscallError("fcntl", err)
	}
	l := &line{from: os.NewFile(uintptr(p[0]), "pipe to "+to.Name()), to: to, done: make(chan struct{})}
	go l.carry()
	return l, in, nil
}

func (l *line) carry() {
	defer close(l.done)
	if _, err := io.Copy(l.to, l.from); !errors.Is(err, os.ErrDeadlineExceeded) {
		l.from.Close() // the terminal has gone: who writes shall know
	}
}

// finish carries what the process has written until now, which has ended, and ends the
// relay. What it left running may write on: that is not waited for. Idempotent.
func (r *relay) finish() {
	if r == nil {
		return
	}
	for _, l := range r.lines {
		l.from.SetReadDeadline(time.Now())
		<-l.done
		l.drain()
		l.from.Close()
	}
}

// drain carries what is in the pipe, and no more.
func (l *line) drain() {
	raw, err := l.from.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) { //nolint:errcheck // it has ended by itself
		rest, err := unix.IoctlGetInt(int(fd), unix.TIOCINQ)
		for buf := make([]byte, 32<<10); err == nil && rest > 0; {
			var n int
			if n, err = unix.Read(int(fd), buf[:min(rest, len(buf))]); n > 0 {
				rest -= n
				_, err = l.to.Write(buf[:n])
			} else if err == nil {
				return
			}
		}
	})
}
