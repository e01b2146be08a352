package events

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// ReadOptions say which events Read yields. Without Since and Until only those
// to come.
type ReadOptions struct {
	Since time.Time                // zero, with Until: from the first that is kept
	Until time.Time                // the end: at once when it has passed; zero: none
	Match func(*record.Event) bool // nil: all
}

// Read calls yield for each event, in the order of the log, and goes on with
// those to come until o.Until, the end of ctx or an error of yield's. The end of
// ctx is its error.
func Read(ctx context.Context, s *store.Store, o ReadOptions, yield func(*record.Event) error) error {
	path := s.EventsPath()
	w, err := fsx.Watch(s.RunRoot)
	if err != nil {
		return err
	}
	defer w.Close()
	r := &reader{path: path, o: o, yield: yield}
	defer r.close()
	if err := r.open(o.Since.IsZero() && o.Until.IsZero()); err != nil {
		return err
	}
	for {
		last := !o.Until.IsZero() && !time.Now().Before(o.Until)
		if err := r.read(); err != nil {
			return err
		}
		if last {
			return nil
		}
		if err := wait(ctx, w, o.Until); err != nil {
			return err
		}
	}
}

// lookAgain is for filesystems that tell nothing.
const lookAgain = 5 * time.Second

// wait returns when there may be more, or until has come. It fails with ctx's
// error.
func wait(ctx context.Context, w *fsx.Watcher, until time.Time) error {
	pause := lookAgain
	if !until.IsZero() {
		pause = max(min(pause, time.Until(until)), 0)
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-w.Changed():
	case <-t.C:
	}
	return nil
}

// reader reads the log across its rotation. A writer may have a file open when
// that is moved aside, so the one before the current is read on, too.
type reader struct {
	path         string
	o            ReadOptions
	yield        func(*record.Event) error
	older, newer *tail // nil: not there
}

func (r *reader) close() {
	r.older.close()
	r.newer.close()
}

// open opens what there is; fromEnd passes over what it holds.
func (r *reader) open(fromEnd bool) (err error) {
	if r.older, err = openTail(r.path+".1", fromEnd); err != nil {
		return err
	}
	r.newer, err = openTail(r.path, fromEnd)
	return err
}

// read yields what is there by now.
func (r *reader) read() error {
	for {
		for _, t := range []*tail{r.older, r.newer} {
			if err := t.lines(r.take); err != nil {
				return err
			}
		}
		if r.newer != nil && same(r.path, r.newer.f) {
			return nil
		}
		next, err := openTail(r.path, false)
		if next == nil || err != nil {
			return err
		}
		if r.newer != nil {
			r.older.close()
			r.older = r.newer
		}
		r.newer = next
	}
}

// take yields the event of a line. Of a line that a full disk has cut, the event
// after the cut counts.
func (r *reader) take(line []byte) error {
	e := &record.Event{}
	if json.Unmarshal(line, e) != nil {
		i := bytes.LastIndex(line, []byte(`{"time":`))
		if *e = (record.Event{}); i <= 0 || json.Unmarshal(line[i:], e) != nil {
			return nil //nolint:nilerr // it is no event
		}
	}
	switch {
	case e.Time.Before(r.o.Since), !r.o.Until.IsZero() && e.Time.After(r.o.Until):
		return nil
	case r.o.Match != nil && !r.o.Match(e):
		return nil
	}
	return r.yield(e)
}

// tail is a file that grows.
type tail struct {
	f    *os.File
	buf  []byte // of a line that is not complete
	skip bool   // up to the next line: this one is too long
}

// openTail opens the file at path, nil when there is none.
func openTail(path string, fromEnd bool) (*tail, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && fromEnd {
		_, err = f.Seek(0, io.SeekEnd)
	}
	if err != nil {
		return nil, err
	}
	return &tail{f: f}, nil
}

func (t *tail) close() {
	if t != nil {
		t.f.Close()
	}
}

// lines calls take for every complete line up to the end of the file. The nil
// tail has none.
func (t *tail) lines(take func([]byte) error) error {
	if t == nil {
		return nil
	}
	chunk := make([]byte, 64<<10)
	for {
		n, err := t.f.Read(chunk)
		if err := t.split(chunk[:n], take); err != nil {
			return err
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (t *tail) split(data []byte, take func([]byte) error) error {
	for len(data) > 0 {
		line, rest, complete := bytes.Cut(data, []byte{'\n'})
		if !t.skip {
			t.buf = append(t.buf, line...)
		}
		data = rest
		if !complete {
			if len(t.buf) > 2*maxLine {
				t.buf, t.skip = nil, true
			}
			return nil
		}
		whole := t.buf
		t.buf, t.skip = t.buf[:0], false
		if err := take(whole); err != nil {
			return err
		}
	}
	return nil
}
