package stdio

import (
	"context"
	"time"

	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// follow reads f, then what is added to it, then the files that take its
// place, until the container has ended and everything is read.
func follow(ctx context.Context, path string, f *logFile, w *fsx.Watcher, o ReadOptions, yield func(Entry, error) bool) error {
	defer func() { closeIf(f) }()
	var r *lineReader
	var err error
	if f != nil {
		if r, err = f.lines(); err != nil {
			return err
		}
	}
	for ended := false; ; {
		if r != nil {
			if err := scan(r, &o, yield); err != nil {
				return err
			}
		}
		next, err := successor(path, f)
		if err != nil {
			return err
		}
		if next != nil {
			if err := finish(f, r, &o, yield); err != nil {
				next.Close()
				return err
			}
			f = next
			if r, err = f.lines(); err != nil {
				return err
			}
			continue
		}
		if ended {
			return nil
		}
		if ended, err = wait(ctx, w, o); err != nil {
			return err
		}
	}
}

// finish reads what came between the last read and the rotation, and closes f; with
// a nil r there was no file yet.
func finish(f *logFile, r *lineReader, o *ReadOptions, yield func(Entry, error) bool) error {
	if r == nil {
		return nil
	}
	if err := scan(r, o, yield); err != nil {
		return err
	}
	f.Close()
	return nil
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
