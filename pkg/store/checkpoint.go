package store

import (
	"path/filepath"

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
