package fsx

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Watcher tells that something in a folder has changed, by inotify(7). Some
// filesystems tell nothing: who waits looks from time to time, too.
type Watcher struct {
	f    *os.File
	wake chan struct{}
}

// Watch begins to watch dir: files that are written, made and renamed there, and
// the folder's own removal. End it with Close.
func Watch(dir string) (*Watcher, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	w := &Watcher{f: os.NewFile(uintptr(fd), "inotify"), wake: make(chan struct{}, 1)}
	const what = unix.IN_MODIFY | unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_MOVE_SELF | unix.IN_DELETE_SELF | unix.IN_ONLYDIR
	if _, err := unix.InotifyAddWatch(fd, dir, what); err != nil {
		w.f.Close()
		return nil, &fs.PathError{Op: "watch", Path: dir, Err: err}
	}
	go w.pump()
	return w, nil
}

func (w *Watcher) pump() {
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

// Changed delivers one value for any number of changes since the last one.
func (w *Watcher) Changed() <-chan struct{} { return w.wake }

// Close ends the watch.
func (w *Watcher) Close() { w.f.Close() }
