package events

import (
	"context"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// watcher tells changes in a folder by inotify(7).
type watcher struct {
	f    *os.File
	wake chan struct{}
}

func watch(dir string) (*watcher, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	w := &watcher{f: os.NewFile(uintptr(fd), "inotify"), wake: make(chan struct{}, 1)}
	if _, err := unix.InotifyAddWatch(fd, dir, unix.IN_MODIFY|unix.IN_CREATE|unix.IN_MOVED_TO|unix.IN_ONLYDIR); err != nil {
		w.f.Close()
		return nil, &fs.PathError{Op: "watch", Path: dir, Err: err}
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

// lookAgain is for filesystems that tell nothing.
const lookAgain = 5 * time.Second

// wait returns when there may be more, or until has come. It fails with ctx's
// error.
func (w *watcher) wait(ctx context.Context, until time.Time) error {
	pause := lookAgain
	if !until.IsZero() {
		pause = max(min(pause, time.Until(until)), 0)
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-w.wake:
	case <-t.C:
	}
	return nil
}
