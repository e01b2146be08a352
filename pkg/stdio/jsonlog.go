package stdio

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// gzSuffix ends the name of a rotated file that is compressed.
const gzSuffix = ".gz"

// JSONLog writes a json-file log. It is safe for use by several streams at
// once and never makes its caller wait for anything but a write(2): when the
// disk is full, entries are dropped and counted.
type JSONLog struct {
	path  string
	opts  LogOptions
	attrs []byte // as JSON; empty: none

	mu      sync.Mutex
	f       *os.File // nil: could not be made again; the next entry tries
	size    int64
	buf     []byte
	dropped uint64
	closed  bool
	rotated []*rotated // files to compress

	compressing bool // somebody does
	at          sync.WaitGroup
}

var _ Log = (*JSONLog)(nil)

// OpenJSONLog opens the log at path, mode 0600, made if need be; entries are
// added at its end. A symbolic link there is refused. With opts.Compress rotated
// files that a former process left uncompressed are compressed.
func OpenJSONLog(path string, opts LogOptions) (*JSONLog, error) {
	l := &JSONLog{path: path, opts: opts}
	if len(opts.Attrs) > 0 {
		var err error
		if l.attrs, err = json.Marshal(opts.Attrs); err != nil {
			return nil, fmt.Errorf("open log: %w", err)
		}
	}
	if err := l.open(); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	if opts.Compress {
		l.compressOld()
	}
	return l, nil
}

func (l *JSONLog) open() error {
	f, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE|os.O_APPEND|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o600)
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
	l.endLine()
	return nil
}

// endLine ends half a line, which a power cut leaves, so that it does not spoil
// the next one.
func (l *JSONLog) endLine() {
	last := []byte{'\n'}
	if l.size == 0 {
		return
	}
	if _, err := l.f.ReadAt(last, l.size-1); err == nil && last[0] != '\n' {
		if n, err := l.f.Write([]byte{'\n'}); err == nil {
			l.size += int64(n)
		}
	}
}

// Dropped tells how many entries were lost because they could not be written.
func (l *JSONLog) Dropped() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped
}

// Close closes the file. Entries that come later are dropped and counted. A file
// that is being compressed stays as it is; who opens the log next begins anew.
// Idempotent.
func (l *JSONLog) Close() error {
	l.mu.Lock()
	l.closed = true
	f := l.f
	l.f = nil
	l.mu.Unlock()
	l.at.Wait()
	if f == nil {
		return nil
	}
	return f.Close()
}

// Put writes one entry whole, or not at all.
func (l *JSONLog) Put(text []byte, stream string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = appendEntry(l.buf[:0], text, stream, l.attrs, at)
	if err := l.write(l.buf); err != nil {
		l.dropped++
	}
}

func (l *JSONLog) write(line []byte) error {
	if l.closed {
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

// rotate begins a new file.
func (l *JSONLog) rotate() error {
	keep := l.opts.MaxFile - 1
	if err := fsx.Rotate(l.path, keep, gzSuffix); err != nil {
		return err
	}
	l.f.Close()
	l.f = nil
	if l.opts.Compress && keep > 0 {
		l.shifted(keep)
	}
	return l.open()
}
