// Package fsx writes files so that a reader sees the old file or the new one,
// also after a power cut, and takes file locks. Nothing else in Pouch locks, or
// renames what it keeps.
package fsx

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// TempPrefix begins the name of every temporary file of this package. One that
// nobody holds a lock on is a leftover of a crash: see StaleTemps.
const TempPrefix = ".tmp-"

// WriteFile replaces path by data, durably: temporary file, fsync, rename,
// fsync of the folder. Idempotent.
func WriteFile(path string, data []byte, mode os.FileMode) error {
	if err := replace(path, data, mode, true); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// WriteVolatile replaces path by data atomically for readers without waiting
// for the disk: for files that need not survive a power cut.
func WriteVolatile(path string, data []byte, mode os.FileMode) error {
	return replace(path, data, mode, false)
}

// WriteJSON is WriteFile of v as indented JSON.
func WriteJSON(path string, v any, mode os.FileMode) error {
	data, err := marshal(v)
	if err != nil {
		return err
	}
	return WriteFile(path, data, mode)
}

// WriteJSONVolatile is WriteVolatile of v as indented JSON.
func WriteJSONVolatile(path string, v any, mode os.FileMode) error {
	data, err := marshal(v)
	if err != nil {
		return err
	}
	return WriteVolatile(path, data, mode)
}

func marshal(v any) ([]byte, error) {
	data, err := json.MarshalIndent(v, "", "  ")
	return append(data, '\n'), err
}

// CreateExclusive makes path with data, durably, and fails with an error that
// is fs.ErrExist when it exists. The file is never seen empty or half-written.
func CreateExclusive(path string, data []byte, mode os.FileMode) error {
	if err := createExclusive(path, data, mode, true); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// CreateExclusiveVolatile is CreateExclusive without waiting for the disk.
func CreateExclusiveVolatile(path string, data []byte, mode os.FileMode) error {
	return createExclusive(path, data, mode, false)
}

func createExclusive(path string, data []byte, mode os.FileMode, sync bool) error {
	d, err := newDraft(path)
	if err != nil {
		return err
	}
	defer d.discard()
	if err := d.fill(data, mode, sync); err != nil {
		return told(path, err)
	}
	return d.link(path)
}

func replace(path string, data []byte, mode os.FileMode, sync bool) error {
	d, err := newDraft(path)
	if err != nil {
		return err
	}
	defer d.discard()
	if err := d.fill(data, mode, sync); err != nil {
		return told(path, err)
	}
	return d.rename(path)
}

// told names the file that could not be written instead of its draft.
func told(path string, err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return fmt.Errorf("write %s: %w", path, err)
}

// SyncDir makes the entries of a folder, or the content of a file, durable. It fails for
// what is neither, and waits for no writer of a fifo.
func SyncDir(dir string) error {
	d, err := os.OpenFile(dir, os.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// SyncAll makes files and the entries of folders durable, two at the same time: a
// file system with a journal commits once for all that wait, and each that waits
// holds a thread.
func SyncAll(paths ...string) error {
	next, done := make(chan string, len(paths)), make(chan error, 1)
	for _, p := range paths {
		next <- p
	}
	close(next)
	work := func() (err error) {
		for p := range next {
			err = errors.Join(err, SyncDir(p))
		}
		return err
	}
	go func() { done <- work() }()
	return errors.Join(work(), <-done)
}

// ErrTooLarge is returned by ReadAtMost for a file over its limit.
var ErrTooLarge = errors.New("file is larger than its limit")

// ErrNotRegular is returned by ReadAtMost for what is no regular file.
var ErrNotRegular = errors.New("not a regular file")

// ReadAtMost reads a regular file of at most limit bytes. It never follows a
// symbolic link at the last element, never blocks on a fifo, and fails with
// ErrTooLarge rather than truncate.
func ReadAtMost(path string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadFileAtMost(f, limit)
}

// ReadFileAtMost is ReadAtMost of a file that is already open.
func ReadFileAtMost(f *os.File, limit int64) ([]byte, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: f.Name(), Err: ErrNotRegular}
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, &fs.PathError{Op: "read", Path: f.Name(), Err: ErrTooLarge}
	}
	return data, nil
}

// IsTemp reports whether name is one of this package's temporary files.
func IsTemp(name string) bool { return strings.HasPrefix(name, TempPrefix) }
