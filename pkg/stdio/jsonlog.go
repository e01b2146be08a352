package stdio

import (
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// JSONLog writes a json-file log. It is safe for use by several streams at
// once and never makes its caller wait for anything but a write(2): when the
// disk is full, entries are dropped and counted.
type JSONLog struct {
	path string
	opts LogOptions

	mu      sync.Mutex
	f       *os.File // nil: could not be made again; the next entry tries
	size    int64
	buf     []byte
	dropped uint64
}

// OpenJSONLog opens the log at path, mode 0600, made if need be; entries are
// added at its end. A symbolic link there is refused.
func OpenJSONLog(path string, opts LogOptions) (*JSONLog, error) {
	l := &JSONLog{path: path, opts: opts}
	if err := l.open(); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return l, nil
}

func (l *JSONLog) open() error {
	f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("%s: not a regular file", l.path)
	}
	if err != nil {
		f.Close()
		return err
	}
	l.f, l.size = f, st.Size()
	return nil
}

// Dropped tells how many entries were lost because they could not be written.
func (l *JSONLog) Dropped() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped
}

// Close closes the file. Entries that come later are dropped and counted.
func (l *JSONLog) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return nil
	}
	err := l.f.Close()
	l.f, l.path = nil, ""
	return err
}

// entry writes one entry whole, or not at all.
func (l *JSONLog) entry(text []byte, stream string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = appendEntry(l.buf[:0], text, stream, time.Now())
	if err := l.write(l.buf); err != nil {
		l.dropped++
	}
}

func (l *JSONLog) write(line []byte) error {
	if l.path == "" {
		return os.ErrClosed
	}
	if l.f == nil {
		if err := l.open(); err != nil {
			return err
		}
	}
	if l.opts.MaxSize > 0 && l.size > 0 && l.size+int64(len(line)) > l.opts.MaxSize {
		if err := l.rotate(); err != nil {
			return err
		}
	}
	n, err := l.f.Write(line)
	if err != nil && n > 0 { // half a line would spoil the next one
		if terr := l.f.Truncate(l.size); terr != nil {
			l.size += int64(n)
		}
		return err
	}
	l.size += int64(n)
	return err
}

func (l *JSONLog) rotate() error {
	if err := fsx.Rotate(l.path, l.opts.MaxFile-1); err != nil {
		return err
	}
	l.f.Close()
	l.f = nil
	return l.open()
}
