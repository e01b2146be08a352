package stdio

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// follow reads f, then what is added to it, then the files that take its
// place, until the container has ended and everything is read.
func follow(ctx context.Context, path string, f *logFile, w *watcher, o ReadOptions, yield func(Entry, error) bool) error {
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
			if r != nil { // what came between the last read and the rotation
				if err := scan(r, &o, yield); err != nil {
					next.Close()
					return err
				}
				f.Close()
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
		if ended, err = w.wait(ctx, o); err != nil {
			return err
		}
	}
}

// watcher wakes a follower through inotify(7); every second in any case, for
// filesystems that tell nothing.
type watcher struct {
	f    *os.File
	wake chan struct{}
}

func watch(path string) (*watcher, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	w := &watcher{f: os.NewFile(uintptr(fd), "inotify"), wake: make(chan struct{}, 1)}
	if _, err := unix.InotifyAddWatch(fd, filepath.Dir(path), unix.IN_MODIFY|unix.IN_CREATE|unix.IN_MOVED_TO); err != nil {
		w.f.Close()
		return nil, &fs.PathError{Op: "watch", Path: filepath.Dir(path), Err: err}
	}
	go w.pump()
	return w, nil
}

func (w *watcher) pump() {
	buf := make([]byte, 4096)
	for {
		if _, err := w.f.Read(buf); err != nil {
			return
		}
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

func (w *watcher) close() { w.f.Close() }

// wait returns when there may be more to read; ended when the container has.
func (w *watcher) wait(ctx context.Context, o ReadOptions) (ended bool, err error) {
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
	case <-w.wake:
	case <-t.C:
	}
	return false, nil
}
