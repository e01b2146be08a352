package stdio

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/containerd/fifo"
	"golang.org/x/sys/unix"
)

// Direct gives the process the three files and closes our copies with Started;
// nil is /dev/null. What is held is closed when the process has ended.
func Direct(stdin, stdout, stderr *os.File, held ...*os.File) *Streams {
	return &Streams{Stdin: stdin, Stdout: stdout, Stderr: stderr, ours: held}
}

// OpenOutput opens a fifo or a file that containerd named for a process'
// output. The process writes into w itself. Of a fifo hold is a second
// descriptor, to read and write, which must stay open until the process has
// ended and no longer: without it the process would be killed by SIGPIPE when
// the client goes, and with it the client never sees the end.
func OpenOutput(path string) (w, hold *os.File, err error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if st.Mode()&os.ModeNamedPipe == 0 {
		w, err = openBlocking(path, unix.O_WRONLY|unix.O_APPEND)
		return w, nil, err
	}
	if hold, err = openBlocking(path, unix.O_RDWR); err != nil {
		return nil, nil, err
	}
	if w, err = openBlocking(path, unix.O_WRONLY); err != nil {
		hold.Close()
		return nil, nil, err
	}
	return w, hold, nil
}

// CreateOutput opens the file of a file:// URI for adding, made if need be with
// its folder.
func CreateOutput(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return openBlocking(path, unix.O_WRONLY|unix.O_APPEND|unix.O_CREAT)
}

// openBlocking opens without the O_NONBLOCK that os.OpenFile sets on fifos: the
// open file goes to the process.
func openBlocking(path string, flags int) (*os.File, error) {
	for {
		fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0o644)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, &os.PathError{Op: "open", Path: path, Err: err}
		}
		return os.NewFile(uintptr(fd), path), nil
	}
}

// Input copies a client's fifo to a process' standard input.
type Input struct {
	cancel context.CancelFunc
	from   io.ReadCloser
	hold   func()       // lets go of the fifo's end for writing, if it is kept
	last   atomic.Int64 // time of the last copied bytes, in nanoseconds
	done   chan struct{}
}

// inputQuiet is how long a fifo must be silent after CloseSoon.
const inputQuiet = 200 * time.Millisecond

// OpenInput copies the fifo at path to w and closes w when the last writer of
// the fifo has closed it. It does not wait for a first writer. With keep there is
// always a writer, itself, until CloseSoon or Close: clients may come and go.
func OpenInput(path string, w io.WriteCloser, keep bool) (*Input, error) {
	hold := func() {}
	if keep {
		h, err := openBlocking(path, unix.O_RDWR)
		if err != nil {
			return nil, fmt.Errorf("open the input: %w", err)
		}
		hold = sync.OnceFunc(func() { h.Close() })
	}
	ctx, cancel := context.WithCancel(context.Background())
	f, err := fifo.OpenFifo(ctx, path, unix.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		cancel()
		hold()
		return nil, fmt.Errorf("open the input: %w", err)
	}
	in := &Input{cancel: cancel, from: f, hold: hold, done: make(chan struct{})}
	go func() {
		defer close(in.done)
		defer w.Close()
		pump(w, in)
	}()
	return in, nil
}

// Read reads from the client.
func (in *Input) Read(p []byte) (int, error) {
	n, err := in.from.Read(p)
	in.last.Store(time.Now().UnixNano())
	return n, err
}

// CloseSoon ends the input when what was sent is copied, although the client
// may keep its end open. It does not wait.
func (in *Input) CloseSoon() {
	in.hold()
	go func() {
		t := time.NewTicker(inputQuiet)
		defer t.Stop()
		for {
			select {
			case <-in.done:
				return
			case <-t.C:
			}
			if time.Since(time.Unix(0, in.last.Load())) >= inputQuiet {
				in.Close()
				return
			}
		}
	}()
}

// Close ends the input at once. Idempotent.
func (in *Input) Close() error {
	in.hold()
	in.cancel()
	return in.from.Close()
}
