package stdio

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"time"
)

// Entry is one entry of a log. Text ends with a newline unless it is the
// beginning of a line that was split, or the log's last words.
type Entry struct {
	Text   string    `json:"log"`
	Stream string    `json:"stream"` // stdout or stderr
	Time   time.Time `json:"time"`
}

// ReadOptions choose what ReadLog yields.
type ReadOptions struct {
	Since, Until time.Time // zero: no bound; both inclusive
	Tail         int       // the last entries only; negative: all
	// Follow goes on with what is added, until Ended is closed and the rest is
	// read, or the context ends.
	Follow bool
	Ended  <-chan struct{} // nil: never
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
	var w *watcher
	if o.Follow {
		var err error
		if w, err = watch(path); err != nil {
			return err
		}
		defer w.close()
	}
	files, err := openChain(path)
	if err != nil {
		return err
	}
	if o.Tail >= 0 {
		if files, err = seekTail(files, o.Tail); err != nil {
			return err
		}
	}
	defer func() { closeFiles(files) }()
	for i, f := range files {
		if o.Follow && i == len(files)-1 {
			break
		}
		if err := scan(newLineReader(f), o, yield); err != nil {
			return err
		}
	}
	if !o.Follow {
		return nil
	}
	var last *os.File
	if len(files) > 0 {
		last = files[len(files)-1]
		files = files[:len(files)-1]
	}
	return follow(ctx, path, last, w, o, yield)
}

// scan yields the complete lines that r has.
func scan(r *lineReader, o ReadOptions, yield func(Entry, error) bool) error {
	for {
		line, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var e Entry
		if json.Unmarshal(line, &e) != nil {
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

// lineReader returns complete lines and keeps half a line for later.
type lineReader struct {
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
		line := append(l.half, part...)
		l.half = l.half[:0]
		return line, nil
	}
}

// openChain opens the current file and the rotated ones, and returns them
// oldest first. The newest is opened first, so a rotation meanwhile shows a
// file twice (it is kept once) and never hides one.
func openChain(path string) ([]*os.File, error) {
	var files []*os.File
	for i := 0; ; i++ {
		f, err := openLogFile(chainName(path, i))
		if errors.Is(err, fs.ErrNotExist) {
			if i == 0 {
				continue // between the two steps of a rotation, or no log at all
			}
			break
		}
		if err != nil {
			closeFiles(files)
			return nil, err
		}
		if seen(files, f) {
			f.Close()
			continue
		}
		files = append(files, f)
	}
	for i, j := 0, len(files)-1; i < j; i, j = i+1, j-1 {
		files[i], files[j] = files[j], files[i]
	}
	return files, nil
}

func chainName(path string, i int) string {
	if i == 0 {
		return path
	}
	return fmt.Sprintf("%s.%d", path, i)
}

func seen(files []*os.File, f *os.File) bool {
	for _, g := range files {
		if sameFile(g, f) {
			return true
		}
	}
	return false
}

func closeFiles(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
