package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// TempDir makes a folder for a command's large temporary files and returns what
// removes it. Folders of commands that died are removed on the way.
func (s *Store) TempDir() (dir string, remove func(), err error) {
	parent := filepath.Join(s.Root, "tmp")
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return "", nil, err
	}
	sweep(parent)
	for {
		dir, err := os.MkdirTemp(parent, "")
		if err != nil {
			return "", nil, err
		}
		l, err := fsx.TryLock(filepath.Join(dir, tempLock))
		if err == nil {
			return dir, func() { os.RemoveAll(dir); l.Unlock() }, nil
		}
		if !errors.Is(err, fsx.ErrLocked) && !errors.Is(err, fs.ErrNotExist) {
			return "", nil, err
		} // another command swept it before it was locked: make one more
	}
}

// tempLock is held by the command that uses a temporary folder.
const tempLock = ".lock"

func sweep(parent string) {
	dirs, err := list(parent, func(string) bool { return true })
	if err != nil {
		return
	}
	for _, d := range dirs {
		path := filepath.Join(parent, d)
		if l, err := fsx.TryLock(filepath.Join(path, tempLock)); err == nil {
			os.RemoveAll(path)
			l.Unlock()
		}
	}
}

// LockWork takes the lock of a piece of work that may take long, such as
// unpacking a layer, and waits for it as long as ctx lasts. Give it back with
// Remove: the work is not done twice, so its lock file need not stay.
func (s *Store) LockWork(ctx context.Context, name string) (*fsx.Lock, error) {
	return fsx.LockWait(ctx, filepath.Join(s.locks(), "w-"+name))
}
