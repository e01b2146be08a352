package stdio

import (
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// Hub is a terminal's other side: what the process writes goes to the log and
// to every client, and what any client writes goes to the process. It outlives
// a process, so that clients stay over a restart. Make it with NewHub.
type Hub struct {
	log io.Writer // nil: none
	out Broadcast

	mu            sync.Mutex
	master        *os.File
	width, height uint16

	ready chan struct{} // closed when the first process is there, or none will be
	once  sync.Once
}

// NewHub makes a hub; log gets all output and may be nil.
func NewHub(log io.Writer) *Hub { return &Hub{log: log, ready: make(chan struct{})} }

// begin makes master the terminal, in the size that clients want, and lets them
// type.
func (h *Hub) begin(master *os.File) {
	h.mu.Lock()
	h.master = master
	w, ht := h.width, h.height
	h.mu.Unlock()
	if w != 0 || ht != 0 {
		setSize(master, w, ht) //nolint:errcheck // it has the size it is born with
	}
	h.once.Do(func() { close(h.ready) })
}

// serve copies the output of begin's master until the terminal has no more.
func (h *Hub) serve(master *os.File) {
	pump(hubWriter{h}, master)
	h.mu.Lock()
	h.master = nil
	h.mu.Unlock()
}

type hubWriter struct{ h *Hub }

func (w hubWriter) Write(p []byte) (int, error) {
	if w.h.log != nil {
		w.h.log.Write(p) //nolint:errcheck // a log that fails does not fail the container
	}
	return w.h.out.Write(p)
}

// Client connects a client: the returned file is one end of a stream socket
// with the terminal's bytes both ways. cut is as in Broadcast.Add.
func (h *Hub) Client(cut func()) (*os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socketpair: %w", err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		unix.Close(fds[0])
		unix.Close(fds[1])
		return nil, err
	}
	own := os.NewFile(uintptr(fds[0]), "terminal")
	h.out.Add(own, cut)
	go h.input(own)
	return os.NewFile(uintptr(fds[1]), "terminal"), nil
}

// input types what the client sends; what comes before the first process waits
// for it.
func (h *Hub) input(from *os.File) {
	<-h.ready
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			h.Write(buf[:n]) //nolint:errcheck // typed into a terminal that is gone
		}
		if err != nil {
			return
		}
	}
}

// Output also copies all output to w, and closes w in the end.
func (h *Hub) Output(w io.WriteCloser) { h.out.Add(w, nil) }

// Write types p; between two processes it is lost.
func (h *Hub) Write(p []byte) (int, error) {
	h.mu.Lock()
	m := h.master
	h.mu.Unlock()
	if m == nil {
		return len(p), nil
	}
	return m.Write(p)
}

// Resize sets the terminal's size, now and for the next process.
func (h *Hub) Resize(width, height uint16) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.width, h.height = width, height
	if h.master == nil {
		return nil
	}
	return setSize(h.master, width, height)
}

// Close ends the clients after what is queued for them; the channel is closed
// when they have got it.
func (h *Hub) Close() <-chan struct{} {
	h.once.Do(func() { close(h.ready) })
	if c, ok := h.log.(io.Closer); ok {
		c.Close()
	}
	return h.out.Close()
}

func setSize(f *os.File, width, height uint16) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var serr error
	err = c.Control(func(fd uintptr) {
		serr = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: height, Col: width})
	})
	if err != nil {
		return err
	}
	return serr
}
