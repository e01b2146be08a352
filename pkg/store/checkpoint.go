package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
	"golang.org/x/sys/unix"
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

// checkpointComplete marks a folder in which all of a checkpoint is on the disk.
const checkpointComplete = "complete"

const draftPrefix = fsx.TempPrefix + "checkpoint-"

// DraftCheckpoint makes a folder below all in which a checkpoint comes into being.
// It is held by lock, by whoever has its file, and done removes what is there yet
// and lets go of it.
func DraftCheckpoint(all string) (dir string, lock *fsx.Lock, done func(), err error) {
	if err := os.MkdirAll(all, 0o700); err != nil {
		return "", nil, nil, err
	}
	if dir, err = os.MkdirTemp(all, draftPrefix); err != nil {
		return "", nil, nil, err
	}
	if lock, err = fsx.LockDir(dir); err != nil {
		return "", nil, nil, errors.Join(err, os.Remove(dir))
	}
	return dir, lock, func() { os.RemoveAll(dir); lock.Unlock() }, nil
}

// CompleteCheckpoint marks the open folder dir when all of the checkpoint is in it,
// durably: from then on it is not lost with the command that asked for it, which
// matters when the container has ended with it. syncfs(2).
func CompleteCheckpoint(dir *os.File) error {
	if err := unix.Syncfs(int(dir.Fd())); err != nil {
		return err
	}
	fd, err := unix.Openat(int(dir.Fd()), checkpointComplete, unix.O_CREAT|unix.O_WRONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(unix.Fsync(fd), unix.Close(fd), unix.Fsync(int(dir.Fd())))
}

// draftProbe is how long a look at whether somebody works at a draft may take.
const draftProbe = 50 * time.Millisecond

// SettleCheckpoints gives drafts below all that nobody works at any more their
// name, if they are complete, and removes the others. Idempotent.
func SettleCheckpoints(all string) error {
	drafts, err := fsx.Prefixed(all, draftPrefix)
	if err != nil {
		return err
	}
	for _, dir := range drafts {
		if err := settleDraft(all, dir); err != nil {
			return err
		}
	}
	return nil
}

func settleDraft(all, dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), draftProbe)
	defer cancel()
	l, err := fsx.LockDirWait(ctx, dir)
	if err != nil {
		return nil // somebody works at it, or has just finished
	}
	defer l.Unlock()
	c, err := ReadCheckpoint(dir)
	if err == nil {
		_, err = os.Lstat(filepath.Join(dir, checkpointComplete))
	}
	if err == nil {
		_, err = parse.Name("checkpoint", c.Name)
	}
	if err != nil {
		return os.RemoveAll(dir)
	}
	err = fsx.MoveDir(dir, filepath.Join(all, c.Name))
	if errors.Is(err, fs.ErrExist) {
		return os.RemoveAll(dir)
	}
	return err
}

// RemoveCheckpoint removes the checkpoint in the folder dir. Idempotent.
func RemoveCheckpoint(dir string) error { return os.RemoveAll(dir) }
