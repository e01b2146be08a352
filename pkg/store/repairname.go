package store

import (
	"context"
	"os"
	"path/filepath"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// RepairName removes a name that leads to no container, whatever lies in its
// place, and gives it back to the container whose record says that it has it.
// Idempotent.
func (s *Store) RepairName(ctx context.Context, name string) error {
	l, err := fsx.LockWait(ctx, filepath.Join(s.locks(), "names"))
	if err != nil {
		return err
	}
	defer l.Unlock()
	path := filepath.Join(s.names(), name)
	if holder, err := s.nameHolder(path); err == nil && s.hasContainer(holder) {
		return nil
	}
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	ids, err := s.ContainerIDs()
	if err != nil {
		return err
	}
	for _, id := range ids {
		c, err := s.Container(id)
		if err != nil || c.Name != name {
			continue
		}
		if err := s.ClaimName(name, id); !errs.Is(err, errs.Conflict) {
			return err
		}
	}
	return nil
}
