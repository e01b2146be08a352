package stdio

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Streams are the standard streams of one process. Make them with Null,
// Inherit, Copied or Terminal, give the process its ends, call Started, and
// after the process ended Drain, then Close.
type Streams struct {
	// Stdin, Stdout and Stderr are the process' ends; nil is /dev/null.
	Stdin, Stdout, Stderr *os.File
	// TTY asks for a terminal whose master is given to Console.
	TTY bool

	keep    bool // the process' ends are the caller's and stay open
	copying sync.WaitGroup
	ours    []*os.File // our ends of pipes, closed by Close
	flush   []io.Closer
	hub     *Hub
	once    sync.Once
}

// Null is no streams at all.
func Null() *Streams { return &Streams{} }

// Inherit gives the process the three files themselves: nothing copies. With
// keep they stay open after Started, for a process that is started again;
// otherwise a reader of theirs sees the end when the process closes them.
func Inherit(files [3]*os.File, keep bool) *Streams {
	return &Streams{Stdin: files[0], Stdout: files[1], Stderr: files[2], keep: keep}
}

// Copied makes pipes for stdout and stderr and copies them to out and err,
// which never block for ever and are told the end by Close when they are
// io.Closers. stdin is given to the process and closed by Started; nil is
// /dev/null.
func Copied(stdin *os.File, out, err io.Writer) (*Streams, error) {
	s := &Streams{Stdin: stdin}
	for _, p := range []struct {
		end **os.File
		to  io.Writer
	}{{&s.Stdout, out}, {&s.Stderr, err}} {
		r, w, perr := os.Pipe()
		if perr != nil {
			s.Stdin = nil
			s.Started()
			s.Close()
			return nil, fmt.Errorf("make a pipe: %w", perr)
		}
		*p.end = w
		s.ours = append(s.ours, r)
		s.copying.Go(func() {
			pump(p.to, r)
		})
		if c, ok := p.to.(io.Closer); ok {
			s.flush = append(s.flush, c)
		}
	}
	return s, nil
}

// Terminal asks for a terminal that h serves.
func Terminal(h *Hub) *Streams { return &Streams{TTY: true, hub: h} }

// Console takes the terminal's master, which is the Streams' to close.
func (s *Streams) Console(master *os.File) {
	s.ours = append(s.ours, master)
	s.hub.begin(master)
	s.copying.Go(func() {
		s.hub.serve(master)
	})
}

// OnDrain adds what Drain closes last, such as a log or an input.
func (s *Streams) OnDrain(c io.Closer) { s.flush = append(s.flush, c) }

// Started closes our copies of the process' ends.
func (s *Streams) Started() {
	if s.keep {
		return
	}
	for _, f := range []*os.File{s.Stdin, s.Stdout, s.Stderr} {
		if f != nil {
			f.Close()
		}
	}
	s.Stdin, s.Stdout, s.Stderr = nil, nil, nil
}

// Drain waits until all output is read: the end comes when the last process
// that has the streams is gone. After limit no more is awaited, for a stream that
// somebody outside the container holds: what was written by then comes still,
// however slow its writer is. It reports whether the end has come.
func (s *Streams) Drain(limit time.Duration) bool {
	done := make(chan struct{})
	go func() {
		s.copying.Wait()
		close(done)
	}()
	t := time.NewTimer(limit)
	defer t.Stop()
	complete := true
	select {
	case <-done:
	case <-t.C:
		complete = false
		s.hurry()
		<-done
	}
	s.closeOurs()
	s.finish()
	return complete
}

// hurry has the readers end when they have what is there.
func (s *Streams) hurry() {
	for _, f := range s.ours {
		if f.SetReadDeadline(time.Now()) != nil {
			f.Close() // a file that reads cannot be ended of in another way
		}
	}
}

func (s *Streams) finish() {
	for _, c := range s.flush {
		c.Close()
	}
	s.flush = nil
}

func (s *Streams) closeOurs() {
	s.once.Do(func() {
		for _, f := range s.ours {
			f.Close()
		}
	})
}

// Close closes everything but files that are kept. Idempotent.
func (s *Streams) Close() {
	s.Started()
	s.closeOurs()
	s.copying.Wait()
	s.finish()
}

// pump copies until the end, or until r's deadline and then what is there; a writer
// that fails gets nothing more while the reader goes on, so that the process is never
// held up or hit by SIGPIPE.
func pump(w io.Writer, r io.Reader) {
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			buf, err = waiting(r), io.EOF
			n = len(buf)
		}
		if n > 0 && w != nil {
			if _, werr := w.Write(buf[:n]); werr != nil {
				w = nil
			}
		}
		if err != nil {
			// EIO is how a terminal's master tells that no slave is open.
			if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN) {
				continue
			}
			return
		}
	}
}

// waiting takes what is in a pipe or a terminal, without waiting for more.
func waiting(r io.Reader) (buf []byte) {
	f, ok := r.(*os.File)
	if !ok {
		return nil
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return nil
	}
	raw.Control(func(fd uintptr) { //nolint:errcheck // closed: nothing is in it
		n, err := unix.IoctlGetInt(int(fd), unix.TIOCINQ)
		if err != nil || n <= 0 {
			return
		}
		buf = make([]byte, n)
		if n, err = unix.Read(int(fd), buf); err != nil {
			n = 0
		}
		buf = buf[:n]
	})
	return buf
}
