package stdio

import (
	"errors"
	"io"
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Unblocked makes of a descriptor that somebody else has too, and that may block,
// a writer whose Close ends a write that hangs. The open file itself, which is the
// other's as well, is not changed. f is the writer's to close.
func Unblocked(f *os.File) (io.WriteCloser, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	switch st.Mode().Type() {
	case os.ModeNamedPipe, os.ModeDevice | os.ModeCharDevice:
		if g, err := reopen(f); err == nil {
			f.Close()
			return g, nil
		}
	case os.ModeSocket:
		return newPolledSocket(f)
	}
	return f, nil
}

// reopen opens the pipe or terminal behind f once more, without blocking.
func reopen(f *os.File) (*os.File, error) {
	fd, err := unix.Open("/proc/self/fd/"+strconv.Itoa(int(f.Fd())), unix.O_WRONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

// polledSocket writes to a socket, which cannot be opened again, without waiting
// in the write itself.
type polledSocket struct {
	f          *os.File
	quit, hold *os.File // a pipe: Close closes hold
	closed     atomic.Bool
	writing    sync.Mutex
}

func newPolledSocket(f *os.File) (*polledSocket, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	return &polledSocket{f: f, quit: r, hold: w}, nil
}

// Write implements io.Writer.
func (s *polledSocket) Write(p []byte) (int, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	n := 0
	for n < len(p) {
		if s.closed.Load() {
			return n, os.ErrClosed
		}
		fd := int(s.f.Fd())
		k, err := unix.SendmsgN(fd, p[n:], nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		if errors.Is(err, unix.EAGAIN) {
			poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}, {Fd: int32(s.quit.Fd())}}
			_, err = unix.Poll(poll, -1)
			k = 0
		}
		if err != nil && !errors.Is(err, unix.EINTR) {
			return n, err
		}
		n += max(0, k)
	}
	return n, nil
}

// Close implements io.Closer. Idempotent.
func (s *polledSocket) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.hold.Close() // wakes a write, which then lets go of the lock
	s.writing.Lock()
	defer s.writing.Unlock()
	s.quit.Close()
	return s.f.Close()
}
