package stdio

import (
	"bufio"
	"context"
	"errors"
	"io"
	"iter"
	"path/filepath"
	"time"

	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// Entry is one entry of a log. Text ends with a newline unless it is the
// beginning of a line that was split, or the log's last words.
type Entry struct {
	Text   string            `json:"log"`
	Stream string            `json:"stream"` // stdout or stderr
	Attrs  map[string]string `json:"attrs,omitempty"`
	Time   time.Time         `json:"time"`
}

// ReadOptions choose what ReadLog yields.
type ReadOptions struct {
	Since, Until time.Time // zero: no bound; both inclusive
	Tail         int       // the last entries up to Until only; negative: all
	// Follow goes on with what is added, until Ended is closed and the rest is
	// read, or the context ends.
	Follow bool
	Ended  <-chan struct{} // nil: never

	pass int // lines to pass over first
}

// maxEntry bounds a line of the file: 16 KiB, each byte escaped to six.
const maxEntry = 128 << 10

// ReadLog yields the entries of the json-file log at path, oldest first,
// rotated files included; an entry is neither lost nor repeated when the log
// is rotated meanwhile. A log that does not exist is empty. A line that is no
// entry, as after a power cut, is passed over.
func ReadLog(ctx context.Context, path string, o ReadOptions) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if err := readLog(ctx, path, o, yield); err != nil && !errors.Is(err, errStop) {
			yield(Entry{}, err)
		}
	}
}

// errStop says that the consumer, or the range, wants no more.
var errStop = errors.New("stop")

func readLog(ctx context.Context, path string, o ReadOptions, yield func(Entry, error) bool) error {
	var w *fsx.Watcher
	if o.Follow {
		var err error
		if w, err = fsx.Watch(filepath.Dir(path)); err != nil {
			return err
		}
		defer w.Close()
	}
	files, err := openChain(path)
	if err != nil {
		return err
	}
	defer func() { closeFiles(files) }()
	if o.Tail >= 0 {
		if files, err = tail(files, &o); err != nil {
			return err
		}
	}
	for i, f := range files {
		if o.Follow && i == len(files)-1 {
			break
		}
		r, err := f.lines()
		if err != nil {
			return err
		}
		if err := scan(r, &o, yield); err != nil {
			return err
		}
	}
	if !o.Follow {
		return nil
	}
	var last *logFile
	if len(files) > 0 {
		last = files[len(files)-1]
		files = files[:len(files)-1]
	}
	return follow(ctx, path, last, w, o, yield)
}

// tail moves to the last o.Tail lines: of those until o.Until when that is past,
// of all otherwise. What is returned is to be closed.
func tail(files []*logFile, o *ReadOptions) ([]*logFile, error) {
	if o.Until.IsZero() || !o.Until.Before(time.Now()) {
		return seekTail(files, o.Tail)
	}
	n, err := linesUntil(files, o.Until)
	o.pass = max(0, n-o.Tail)
	return files, err
}

// scan yields the complete lines that r has.
func scan(r *lineReader, o *ReadOptions, yield func(Entry, error) bool) error {
	for {
		line, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if o.pass > 0 {
			o.pass--
			continue
		}
		e, ok := r.entry(line)
		if !ok {
			continue
		}
		if !o.Since.IsZero() && e.Time.Before(o.Since) {
			continue
		}
		if !o.Until.IsZero() && e.Time.After(o.Until) {
			return errStop
		}
		if !yield(e, nil) {
			return errStop
		}
	}
}

// linesUntil counts the lines up to the first entry that is later, and returns to
// the beginning of the files.
func linesUntil(files []*logFile, until time.Time) (int, error) {
	n := 0
	for _, f := range files {
		r, err := f.lines()
		if err != nil {
			return 0, err
		}
		more, err := r.countUntil(until, &n)
		if err != nil {
			return 0, err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return 0, err
		}
		if !more {
			break
		}
	}
	return n, nil
}

func (l *lineReader) countUntil(until time.Time, n *int) (more bool, err error) {
	for {
		line, err := l.next()
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		if l.timeOf(line).After(until) {
			return false, nil
		}
		*n++
	}
}

// lineReader returns complete lines and keeps half a line for later.
type lineReader struct {
	decoder
	r    *bufio.Reader
	half []byte
	skip bool // inside a line that is too long to be an entry
}

func newLineReader(f io.Reader) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(f, 64<<10)}
}

func (l *lineReader) next() ([]byte, error) {
	for {
		part, err := l.r.ReadSlice('\n')
		if len(l.half)+len(part) > maxEntry {
			l.half, l.skip = l.half[:0], true
		}
		if err != nil {
			if !l.skip {
				l.half = append(l.half, part...)
			}
			if errors.Is(err, bufio.ErrBufferFull) {
				continue
			}
			return nil, err
		}
		if l.skip {
			l.half, l.skip = l.half[:0], false
			continue
		}
		if len(l.half) == 0 {
			return part, nil // good until the next call
		}
		line := append(l.half, part...)
		l.half = l.half[:0]
		return line, nil
	}
}

// pass drops one line, of whatever length.
func (l *lineReader) pass() error {
	for {
		_, err := l.r.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}
