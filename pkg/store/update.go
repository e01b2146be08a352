package store

import (
	"path/filepath"

	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// UpdateState reads a container's state, lets change alter it and writes it
// back; no other UpdateState of that container comes between. With durable it
// waits for the disk. It takes no lock that a command holds for long.
func (s *Store) UpdateState(id string, durable bool, change func(*record.State)) error {
	l, err := fsx.LockDir(s.ContainerDir(id))
	if err != nil {
		return err
	}
	defer l.Unlock()
	st, err := s.State(id)
	if err != nil {
		return err
	}
	change(st)
	if durable {
		return s.SetState(id, st)
	}
	return s.SetStateVolatile(id, st)
}

// RuntimeDir is the folder of the OCI runtimes' own state, one folder a
// container id: what `runc --root` takes.
func (s *Store) RuntimeDir() string { return filepath.Join(s.RunRoot, "runtime") }

// LogPath is the container's json-file log.
func (s *Store) LogPath(id string) string { return filepath.Join(s.ContainerDir(id), "container.log") }
