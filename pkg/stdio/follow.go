package stdio

import (
	"context"
	"time"

	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// follow reads f, then what is added to it, then the files that take its
// place, until the container has ended and everything is read.
func follow(ctx context.Context, path string, f *logFile, w *fsx.Watcher, o ReadOptions, yield func(Entry, error) bool) error {
	at := &following{path: path, f: f, o: &o, yield: yield}
	defer func() { closeIf(at.f) }()
	if err := at.begin(); err != nil {
		return err
	}
	for ended := false; ; {
		if err := at.scan(); err != nil {
			return err
		}
		if went, err := at.goOn(); err != nil {
			return err
		} else if went {
			continue
		}
		if ended {
			return nil
		}
		var err error
		if ended, err = wait(ctx, w, o); err != nil {
			return err
		}
	}
}

// following is the file that is read now; nil: there is none yet.
type following struct {
	path  string
	f     *logFile
	r     *lineReader
	o     *ReadOptions
	yield func(Entry, error) bool
}

func (at *following) begin() (err error) {
	if at.f != nil {
		at.r, err = at.f.lines()
	}
	return err
}

// scan reads what has come.
func (at *following) scan() error {
	if at.r == nil {
		return nil
	}
	return scan(at.r, at.o, at.yield)
}

// goOn goes on to the file that has taken this one's place, if one has, when what came
// between the last read and the rotation is read.
func (at *following) goOn() (bool, error) {
	next, err := successor(at.path, at.f)
	if next == nil || err != nil {
		return false, err
	}
	if err := at.scan(); err != nil {
		next.Close()
		return false, err
	}
	closeIf(at.f)
	at.f = next
	return true, at.begin()
}

// wait returns when there may be more to read, every second in any case; ended
// when the container has.
func wait(ctx context.Context, w *fsx.Watcher, o ReadOptions) (ended bool, err error) {
	pause := time.Second
	if !o.Until.IsZero() {
		left := time.Until(o.Until)
		if left <= 0 {
			return true, nil
		}
		pause = min(pause, left)
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false, errStop
	case <-o.Ended:
		return true, nil
	case <-w.Changed():
	case <-t.C:
	}
	return false, nil
}
