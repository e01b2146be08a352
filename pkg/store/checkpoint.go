package store

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// checkpointFile describes a checkpoint in its folder, beside CRIU's files.
const checkpointFile = "pouch.json"

// CheckpointsDir holds a container's own checkpoints, a folder each.
func (s *Store) CheckpointsDir(id string) string {
	return filepath.Join(s.ContainerDir(id), "checkpoints")
}

// WriteCheckpoint describes the checkpoint in the folder dir; it is durable.
func WriteCheckpoint(dir string, c *record.Checkpoint) error {
	c.SchemaVersion = record.SchemaVersion
	return fsx.WriteJSON(filepath.Join(dir, checkpointFile), c, 0o600)
}

// ReadCheckpoint reads what describes the checkpoint in the folder dir; not
// found, corrupt and unsupported are as for other records.
func ReadCheckpoint(dir string) (*record.Checkpoint, error) {
	c := &record.Checkpoint{}
	return c, readJSON(filepath.Join(dir, checkpointFile), c)
}

// draftProbe is how long a look at whether somebody works at a draft may take.
const draftProbe = 50 * time.Millisecond

// DraftCheckpoint makes the folder in which a checkpoint comes into being, and
// removes those of commands that were killed. done removes what is there yet.
func DraftCheckpoint(all string) (tmp string, done func(), err error) {
	if err := os.MkdirAll(all, 0o700); err != nil {
		return "", nil, err
	}
	const prefix = fsx.TempPrefix + "checkpoint-"
	old, err := filepath.Glob(filepath.Join(all, prefix+"*"))
	if err != nil {
		return "", nil, err
	}
	for _, dir := range old {
		removeUnheld(dir)
	}
	if tmp, err = os.MkdirTemp(all, prefix); err != nil {
		return "", nil, err
	}
	l, err := fsx.LockDir(tmp)
	if err != nil {
		return "", nil, err
	}
	return tmp, func() { os.RemoveAll(tmp); l.Unlock() }, nil
}

// removeUnheld removes a draft whose command is gone.
func removeUnheld(dir string) {
	ctx, cancel := context.WithTimeout(context.Background(), draftProbe)
	defer cancel()
	if l, err := fsx.LockDirWait(ctx, dir); err == nil {
		os.RemoveAll(dir)
		l.Unlock()
	}
}

// RemoveCheckpoint removes the checkpoint in the folder dir. Idempotent.
func RemoveCheckpoint(dir string) error { return os.RemoveAll(dir) }
