package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/fsx"
)

const recordSuffix = ".json"

// records lists the names of the records in dir whose name begins with prefix, broken
// ones too, sorted.
func records(dir, prefix string) ([]string, error) {
	names, err := list(dir, func(n string) bool {
		return strings.HasPrefix(n, prefix) && strings.HasSuffix(n, recordSuffix)
	})
	for i, n := range names {
		names[i] = strings.TrimSuffix(n, recordSuffix)
	}
	return names, err
}

// lockFolder is held while a folder that goes with its last record is made or removed;
// what is the lock's name.
func (s *Store) lockFolder(what string) (*fsx.Lock, error) {
	return s.Lock(context.Background(), what, "")
}

// dropIfLast makes durable that a record in dir, a folder below the root, is gone, and
// removes the folder when it was the last. The caller has its lock.
func (s *Store) dropIfLast(dir string) error {
	os.Remove(dir) // it fails while there are others
	err := fsx.SyncDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return fsx.SyncDir(s.Root)
	}
	return err
}
