package fsx

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// ErrLocked is returned by TryLock when somebody else holds the lock.
var ErrLocked = errors.New("locked by another process")

// Lock is a held flock(2). It ends with Unlock or with the process.
type Lock struct{ f *os.File }

// TryLock takes an exclusive lock on path, made if need be, or fails at once
// with ErrLocked.
func TryLock(path string) (*Lock, error) {
	f, err := openLock(path)
	if err != nil {
		return nil, err
	}
	if err := flock(f, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, ErrLocked
		}
		return nil, err
	}
	if !current(f, path) {
		f.Close()
		return nil, ErrLocked // its holder removed it just now: try again
	}
	return &Lock{f}, nil
}

// current reports whether path still names the file f: a lock file that was
// removed by its last holder locks nothing.
func current(f *os.File, path string) bool {
	a, err := f.Stat()
	if err != nil {
		return false
	}
	b, err := os.Lstat(path)
	return err == nil && os.SameFile(a, b)
}

// Remove unlinks the lock file and gives the lock back: for a lock whose object
// is gone. Those who wait on it start over with a new file.
func (l *Lock) Remove() {
	if l != nil {
		os.Remove(l.f.Name())
		l.f.Close()
	}
}

// LockWait takes an exclusive lock on path, made if need be, and waits for it
// until ctx ends; then it fails with ctx's error.
func LockWait(ctx context.Context, path string) (*Lock, error) {
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		l, err := TryLock(path)
		if !errors.Is(err, ErrLocked) {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// Unlock gives the lock back. Idempotent, and no-op on nil.
func (l *Lock) Unlock() {
	if l != nil {
		l.f.Close()
	}
}

// File returns the locked file: a process that inherits it holds the lock too.
func (l *Lock) File() *os.File { return l.f }

// Adopt makes a Lock of an inherited, already locked file.
func Adopt(f *os.File) *Lock { return &Lock{f} }

// openLock opens a lock file. What is no file in its place, a link or an empty
// folder, goes: a lock holds no data.
func openLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, lockFlags, 0o600)
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.EISDIR) {
		if rerr := os.Remove(path); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
			return nil, rerr
		}
		f, err = os.OpenFile(path, lockFlags, 0o600)
	}
	return f, err
}

const lockFlags = os.O_RDWR | os.O_CREATE | unix.O_CLOEXEC | unix.O_NOFOLLOW

func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// Held reports whether somebody holds the lock at path; it makes no file. It takes a
// share of the lock for a moment: those who look do not see each other, but one who
// tries to take it then fails.
func Held(path string) bool {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(flock(f, unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}
