package store

import (
	"path/filepath"

	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// TryLock is Lock that does not wait: it fails with fsx.ErrLocked when somebody
// holds the object.
func (s *Store) TryLock(class, name string) (*fsx.Lock, error) {
	return fsx.TryLock(filepath.Join(s.locks(), class+"-"+name))
}
